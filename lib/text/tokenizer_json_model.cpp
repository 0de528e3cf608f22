// The model of a tokenizer.json: BPE, WordPiece or Unigram. Its vocabulary and merges may be
// hundreds of thousands of entries long, so they are read straight out of the document.
#include <cmath>
#include <limits>
#include <map>

#include "text/bpe.hpp"
#include "text/tokenizer_json_parts.hpp"

namespace austeer {
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

}  // namespace austeer
