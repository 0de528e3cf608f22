// Reads a tokenizer.json section by section into the parts of a tokenizer.
#include "text/tokenizer_json.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <spdlog/spdlog.h>
#include <unordered_map>
#include <variant>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "text/bpe.hpp"
#include "text/composed_tokenizer.hpp"
#include "text/tokenizer_json_parts.hpp"

namespace austeer {

// The model of a tokenizer.json: BPE, WordPiece or Unigram. Its vocabulary and merges may be
// hundreds of thousands of entries long, so they are read straight out of the document.

namespace {

const nlohmann::json& part_of(const nlohmann::json& model, const char* key,
                              const std::string& place) {
  const auto found = model.find(key);
  if (found == model.end()) {
    refuse_section(place, fmt::format("the key 'model.{}' is missing", key));
  }
  return *found;
}

std::unordered_map<std::string, TokenId> vocabulary_of(const nlohmann::json& model,
                                                       const std::string& place) {
  const nlohmann::json& json = part_of(model, "vocab", place);
  if (!json.is_object()) {
    refuse_section(place, "model.vocab is not an object of pieces and ids");
  }
  std::unordered_map<std::string, TokenId> vocabulary;
  vocabulary.reserve(json.size());
  for (const auto& [piece, id] : json.items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::numeric_limits<TokenId>::max()) {
      refuse_section(place, fmt::format("model.vocab: '{}' has no valid id", piece));
    }
    vocabulary.emplace(piece, id.get<TokenId>());
  }
  return vocabulary;
}

std::vector<MergePieces> merges_of(const nlohmann::json& model, const std::string& place) {
  const nlohmann::json& json = part_of(model, "merges", place);
  if (!json.is_array()) refuse_section(place, "model.merges is not a list");
  std::vector<MergePieces> merges;
  merges.reserve(json.size());
  const auto merge_place = [&] {
    return fmt::format("{}: model.merges, entry {}", place, merges.size());
  };
  for (const nlohmann::json& merge : json) {
    if (merge.is_string()) {
      merges.push_back(split_merge(merge.get_ref<const std::string&>(), merge_place()));
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    } else {
      refuse_section(merge_place(), "neither \"left right\" nor [\"left\", \"right\"]");
    }
  }
  return merges;
}

BpeRules bpe_rules(const nlohmann::json& model, Fields& fields, const std::string& place) {
  BpeRules rules;
  if (fields.optional<double>("dropout", 0.0) != 0.0) {
    refuse_section(place, "model.dropout is not supported");
  }
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!fields.optional<std::string>(affix, "").empty()) {
      refuse_section(place, fmt::format("model.{} is not supported", affix));
    }
  }
  rules.byte_fallback = fields.optional<bool>("byte_fallback", false);
  const auto unknown = fields.optional<std::string>("unk_token", "");
  if (fields.has("unk_token")) rules.unknown = unknown;
  rules.fuse_unknown = fields.optional<bool>("fuse_unk", false);
  rules.ignore_merges = fields.optional<bool>("ignore_merges", false);
  fields.refuse_unknown();
  rules.vocabulary = vocabulary_of(model, place);
  rules.merges = merges_of(model, place);
  return rules;
}

WordPieceRules word_piece_rules(const nlohmann::json& model, Fields& fields,
                                const std::string& place) {
  WordPieceRules rules;
  rules.unknown = fields.required<std::string>("unk_token");
  rules.continuing_prefix = fields.required<std::string>("continuing_subword_prefix");
  rules.max_word_characters = fields.required<std::int64_t>("max_input_chars_per_word");
  fields.refuse_unknown();
  rules.vocabulary = vocabulary_of(model, place);
  return rules;
}

/// The vocabulary is a list of [piece, score]; a piece's id is its place.
void read_scored_pieces(const nlohmann::json& model, const std::string& place,
                        UnigramRules& rules) {
  const nlohmann::json& json = part_of(model, "vocab", place);
  if (!json.is_array() || json.empty()) {
    refuse_section(place, "model.vocab is not a list of pieces and scores");
  }
  rules.vocabulary.reserve(json.size());
  for (const nlohmann::json& entry : json) {
    const std::size_t id = rules.scores.size();
    const std::string at = fmt::format("{}: model.vocab, entry {}", place, id);
    const bool is_scored = entry.is_array() && entry.size() == 2 && entry[0].is_string() &&
                           entry[1].is_number() && std::isfinite(entry[1].get<double>());
    if (!is_scored) refuse_section(at, "not [\"piece\", score]");
    const auto& piece = entry[0].get_ref<const std::string&>();
    if (!rules.vocabulary.emplace(piece, static_cast<TokenId>(id)).second) {
      refuse_section(at, fmt::format("'{}' stands twice", piece));
    }
    rules.scores.push_back(entry[1].get<double>());
  }
}

UnigramRules unigram_rules(const nlohmann::json& model, Fields& fields, const std::string& place) {
  UnigramRules rules;
  if (fields.has("unk_id")) rules.unknown = fields.required<TokenId>("unk_id");
  fields.optional<TokenId>("unk_id", 0);
  rules.byte_fallback = fields.optional<bool>("byte_fallback", false);
  fields.refuse_unknown();
  read_scored_pieces(model, place, rules);
  return rules;
}

}  // namespace

void read_model(const nlohmann::json& model, TokenizerParts& parts) {
  const std::string& place = parts.place;
  if (!model.is_object()) refuse_section(place, "'model' is not an object");
  Json options = Json::object();
  for (const auto& [key, value] : model.items()) {
    if (key != "vocab" && key != "merges") options[key] = value;
  }
  Fields fields(options, place + ": model");
  const auto type = fields.optional<std::string>("type", "BPE");
  if (type == "BPE") {
    parts.rules = bpe_rules(model, fields, place);
  } else if (type == "WordPiece") {
    parts.rules = word_piece_rules(model, fields, place);
  } else if (type == "Unigram") {
    parts.rules = unigram_rules(model, fields, place);
  } else {
    refuse_section(place, fmt::format("the model type '{}' is not supported", type),
                   "BPE, WordPiece and Unigram are");
  }
}

namespace {

constexpr int max_depth = 32;

[[noreturn]] void refuse_document(const std::string& place, std::string_view what,
                                  std::string_view hint = {}) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", std::string(hint)});
}

/// What the vocabulary and the added tokens of a file know.
class FileTokens {
 public:
  explicit FileTokens(const TokenizerParts& parts) {
    for (const auto& [piece, id] : parts.vocabulary()) add(piece, id);
    for (const AddedToken& token : parts.added) add(token.content, token.id);
  }

  std::optional<TokenId> id_of(std::string_view piece) const {
    const auto found = ids_.find(piece);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
  }

  std::optional<std::string> piece_of(TokenId id) const {
    const auto found = pieces_.find(id);
    if (found == pieces_.end()) return std::nullopt;
    return std::string(found->second);
  }

 private:
  void add(std::string_view piece, TokenId id) {
    ids_.emplace(piece, id);
    pieces_.emplace(id, piece);
  }

  std::unordered_map<std::string_view, TokenId> ids_;  // of pieces that the parts hold
  std::unordered_map<TokenId, std::string_view> pieces_;
};

/// Adds the tokens that the files beside this one know of.
void add_tokens_beside(const TokenizerConfig& config, TokenizerParts& parts) {
  if (config.added.empty() && config.specials.empty()) return;
  std::vector<AddedToken> added = parts.added;
  const FileTokens known(parts);
  const OwnTokens own{[&](std::string_view piece) { return known.id_of(piece); },
                      [&](TokenId id) { return known.piece_of(id); },
                      /*may_be_renamed=*/false, parts.place};
  const std::string changes = add_configured_tokens(config, own, added);
  parts.added = std::move(added);
  if (!changes.empty()) parts.fingerprint = sha256(parts.fingerprint + " " + changes);
}

std::optional<TokenId> id_of(const std::string& piece, const TokenizerParts& parts) {
  const auto added = std::ranges::find(parts.added, piece, &AddedToken::content);
  if (added != parts.added.end()) return added->id;
  const auto found = parts.vocabulary().find(piece);
  if (found == parts.vocabulary().end()) return std::nullopt;
  return found->second;
}

/// The default special tokens of a file that has no post-processor: those of its class. As in
/// `transformers` 5, `add_bos_token` and `add_eos_token` are of no account beside a tokenizer.json.
void add_tokens_of_class(const TokenizerConfig& config, TokenizerParts& parts) {
  const bool puts_bos = config.tokenizer_class == "CodeLlamaTokenizer";
  const auto warn = [&](std::string_view key, std::string_view token, std::string_view done) {
    spdlog::warn(
        "{}: there is no post-processor, so that {} {}, as in transformers 5, although "
        "tokenizer_config.json says {}",
        parts.place, token, done, key);
  };
  if (config.add_eos.value_or(false)) warn("add_eos_token: true", "no EOS", "follows a text");
  if (config.add_bos.value_or(puts_bos) != puts_bos) {
    puts_bos ? warn("add_bos_token: false", "BOS", "is put in front of a text")
             : warn("add_bos_token: true", "no BOS", "is put in front of a text");
  }
  if (!puts_bos) return;
  const std::string bos = config.bos.empty() ? "<s>" : config.bos;
  const auto id = id_of(bos, parts);
  if (!id) {
    refuse_document(
        parts.place,
        fmt::format("tokenizer_config.json names '{}' as bos_token, which is no token", bos));
  }
  parts.prefix.push_back(*id);
  parts.fingerprint = sha256(fmt::format("{} {} ", parts.fingerprint, parts.prefix.back()));
}

/// Warns where tokenizer_config.json says otherwise than the post-processor, which counts, as in
/// `transformers` 5.
void tell_of_contradictions(const TokenizerConfig& config, const TokenizerParts& parts) {
  const auto tell = [&](std::string_view key, const std::optional<bool>& said, bool done) {
    if (said.value_or(done) == done) return;
    spdlog::warn(
        "{}: tokenizer_config.json says {}: {}, but the post-processor {} that token, "
        "which counts",
        parts.place, key, *said, done ? "adds" : "does not add");
  };
  const auto is_among = [&](const std::string& piece, const std::vector<TokenId>& ids) {
    const auto id = piece.empty() ? std::nullopt : id_of(piece, parts);
    return id && std::ranges::find(ids, *id) != ids.end();
  };
  tell("add_bos_token", config.add_bos, is_among(config.bos, parts.prefix));
  tell("add_eos_token", config.add_eos, is_among(config.eos, parts.suffix));
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
  add_tokens_beside(config, parts);
  if (post_processor == rest.end() || post_processor->is_null()) {
    add_tokens_of_class(config, parts);
  } else {
    tell_of_contradictions(config, parts);
  }
  if (!config.eos.empty()) parts.end = id_of(config.eos, parts);
  return compose_tokenizer(std::move(parts));
}

}  // namespace austeer
