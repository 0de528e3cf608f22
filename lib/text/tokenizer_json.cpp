// Reads a tokenizer.json section by section into the parts of a tokenizer.
#include "text/tokenizer_json.hpp"

#include <fmt/format.h>
#include <variant>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "text/composed_tokenizer.hpp"
#include "text/tokenizer_json_parts.hpp"
#include "text/tokenizer_json_sections.hpp"

namespace austeer {
namespace {

constexpr int max_depth = 32;

[[noreturn]] void refuse_document(const std::string& place, std::string_view what,
                                  std::string_view hint = {}) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", std::string(hint)});
}

TokenId id_of(const std::string& piece, std::string_view key, const TokenizerParts& parts) {
  for (const AddedToken& token : parts.added) {
    if (token.content == piece) return token.id;
  }
  const auto found = parts.vocabulary().find(piece);
  if (found != parts.vocabulary().end()) return found->second;
  refuse_document(
      parts.place,
      fmt::format("tokenizer_config.json names '{}' as {}, which is no token", piece, key));
}

/// The default special tokens of a file that has no post-processor.
void add_configured_tokens(const TokenizerConfig& config, TokenizerParts& parts) {
  const bool add_bos = config.add_bos.value_or(false) && !config.bos.empty();
  const bool add_eos = config.add_eos.value_or(false) && !config.eos.empty();
  if (add_bos) parts.prefix.push_back(id_of(config.bos, "bos_token", parts));
  if (add_eos) parts.suffix.push_back(id_of(config.eos, "eos_token", parts));
  if (!add_bos && !add_eos) return;
  parts.fingerprint = sha256(fmt::format(
      "{} {} {}", parts.fingerprint, fmt::join(parts.prefix, ","), fmt::join(parts.suffix, ",")));
}

}  // namespace

TokenizerDocument parse_tokenizer_json(std::string_view bytes, std::string place) {
  const auto shallow = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > max_depth)
      refuse_document(place, fmt::format("nested deeper than {} levels", max_depth));
    return true;
  };
  TokenizerDocument document;
  try {
    document.json = nlohmann::json::parse(bytes, shallow);
  } catch (const nlohmann::json::exception& error) {
    refuse_document(place, fmt::format("not valid JSON ({})", error.what()));
  }
  document.fingerprint = sha256(bytes);
  document.place = std::move(place);
  return document;
}

std::unique_ptr<Tokenizer> make_tokenizer(const TokenizerDocument& document,
                                          const TokenizerConfig& config) {
  const std::string& place = document.place;
  if (!document.json.is_object()) refuse_document(place, "not an object");
  TokenizerParts parts;
  parts.place = place;
  parts.fingerprint = document.fingerprint;
  Json rest = Json::object();
  for (const auto& [key, value] : document.json.items()) {
    if (key != "model") rest[key] = value;
  }
  const auto model = document.json.find("model");
  if (model == document.json.end()) refuse_document(place, "the key 'model' is missing");
  read_model(*model, parts);
  read_tokenizer_parts(rest, parts);
  const auto* bpe = std::get_if<BpeRules>(&parts.rules);
  if (bpe != nullptr && bpe->byte_level && bpe->byte_fallback) {
    refuse_document(place,
                    "model.byte_fallback is not supported where the pre-tokenizer is ByteLevel");
  }
  const auto post_processor = rest.find("post_processor");
  if (post_processor == rest.end() || post_processor->is_null()) {
    add_configured_tokens(config, parts);
  }
  return compose_tokenizer(std::move(parts));
}

}  // namespace austeer
