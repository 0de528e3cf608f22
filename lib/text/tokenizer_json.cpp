// Reads a tokenizer.json section by section into the parts of a BPE tokenizer.
#include "text/tokenizer_json.hpp"

#include <fmt/format.h>
#include <limits>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "text/bpe_tokenizer.hpp"
#include "text/bpe_vocabulary.hpp"
#include "text/tokenizer_json_parts.hpp"

namespace austeer {
namespace {

constexpr int max_depth = 32;

[[noreturn]] void refuse(const std::string& place, std::string_view what,
                         std::string_view hint = {}) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", std::string(hint)});
}

void read_vocabulary(const nlohmann::json& vocabulary, const std::string& place, BpeRules& rules) {
  if (!vocabulary.is_object()) refuse(place, "model.vocab is not an object of pieces and ids");
  rules.vocabulary.reserve(vocabulary.size());
  for (const auto& [piece, id] : vocabulary.items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::numeric_limits<TokenId>::max()) {
      refuse(place, fmt::format("model.vocab: '{}' has no valid id", piece));
    }
    rules.vocabulary.emplace(piece, id.get<TokenId>());
  }
}

void read_merges(const nlohmann::json& merges, const std::string& place, BpeRules& rules) {
  if (!merges.is_array()) refuse(place, "model.merges is not a list");
  rules.merges.reserve(merges.size());
  const auto merge_place = [&] {
    return fmt::format("{}: model.merges, entry {}", place, rules.merges.size());
  };
  for (const nlohmann::json& merge : merges) {
    if (merge.is_string()) {
      rules.merges.push_back(split_merge(merge.get_ref<const std::string&>(), merge_place()));
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      rules.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    } else {
      refuse(merge_place(), "neither \"left right\" nor [\"left\", \"right\"]");
    }
  }
}

/// Everything of `model` but its two long lists.
void read_model_options(const Json& model, const std::string& place, BpeRules& rules) {
  Fields fields(model, place + ": model");
  const auto type = fields.optional<std::string>("type", "BPE");
  if (type != "BPE") {
    refuse(place, fmt::format("the model type '{}' is not supported", type), "BPE is");
  }
  if (fields.optional<double>("dropout", 0.0) != 0.0)
    refuse(place, "model.dropout is not supported");
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!fields.optional<std::string>(affix, "").empty()) {
      refuse(place, fmt::format("model.{} is not supported", affix));
    }
  }
  rules.byte_fallback = fields.optional<bool>("byte_fallback", false);
  const auto unknown = fields.optional<std::string>("unk_token", "");
  if (fields.has("unk_token")) rules.unknown = unknown;
  rules.fuse_unknown = fields.optional<bool>("fuse_unk", false);
  rules.ignore_merges = fields.optional<bool>("ignore_merges", false);
  fields.refuse_unknown();
}

void read_model(const nlohmann::json& model, const std::string& place, BpeRules& rules) {
  if (!model.is_object()) refuse(place, "'model' is not an object");
  Json options = Json::object();
  for (const auto& [key, value] : model.items()) {
    if (key != "vocab" && key != "merges") options[key] = value;
  }
  read_model_options(options, place, rules);
  const auto part = [&](const char* key) -> const nlohmann::json& {
    const auto found = model.find(key);
    if (found == model.end()) refuse(place, fmt::format("the key 'model.{}' is missing", key));
    return *found;
  };
  read_vocabulary(part("vocab"), place, rules);
  read_merges(part("merges"), place, rules);
}

TokenId id_of(const std::string& piece, std::string_view key, const BpeParts& parts) {
  for (const AddedToken& token : parts.added) {
    if (token.content == piece) return token.id;
  }
  const auto found = parts.rules.vocabulary.find(piece);
  if (found != parts.rules.vocabulary.end()) return found->second;
  refuse(parts.place,
         fmt::format("tokenizer_config.json names '{}' as {}, which is no token", piece, key));
}

/// The default special tokens of a file that has no post-processor.
void add_configured_tokens(const TokenizerConfig& config, BpeParts& parts) {
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
    if (depth > max_depth) refuse(place, fmt::format("nested deeper than {} levels", max_depth));
    return true;
  };
  TokenizerDocument document;
  try {
    document.json = nlohmann::json::parse(bytes, shallow);
  } catch (const nlohmann::json::exception& error) {
    refuse(place, fmt::format("not valid JSON ({})", error.what()));
  }
  document.fingerprint = sha256(bytes);
  document.place = std::move(place);
  return document;
}

std::unique_ptr<Tokenizer> make_tokenizer(const TokenizerDocument& document,
                                          const TokenizerConfig& config) {
  const std::string& place = document.place;
  if (!document.json.is_object()) refuse(place, "not an object");
  BpeParts parts;
  parts.place = place;
  parts.fingerprint = document.fingerprint;
  Json rest = Json::object();
  for (const auto& [key, value] : document.json.items()) {
    if (key != "model") rest[key] = value;
  }
  const auto model = document.json.find("model");
  if (model == document.json.end()) refuse(place, "the key 'model' is missing");
  read_model(*model, place, parts.rules);
  read_tokenizer_parts(rest, parts);
  if (parts.rules.byte_level && parts.rules.byte_fallback) {
    refuse(place, "model.byte_fallback is not supported where the pre-tokenizer is ByteLevel");
  }
  const auto post_processor = rest.find("post_processor");
  if (post_processor == rest.end() || post_processor->is_null()) {
    add_configured_tokens(config, parts);
  }
  return make_bpe_tokenizer(std::move(parts));
}

}  // namespace austeer
