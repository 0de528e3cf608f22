// The files say the same as a tokenizer.json does, so that is what is made of them.
#include "text/roberta_vocabulary.hpp"

#include <fmt/format.h>
#include <map>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "text/tokenizer_config.hpp"
#include "text/tokenizer_json.hpp"

namespace austeer {
namespace {

using Document = nlohmann::json;

struct RobertaOptions {
  std::map<std::string, std::string> special = {{"cls_token", "<s>"},
                                                {"sep_token", "</s>"},
                                                {"pad_token", "<pad>"},
                                                {"unk_token", "<unk>"},
                                                {"mask_token", "<mask>"}};
  bool space_in_front = false;
};

RobertaOptions read_roberta_options(const std::filesystem::path& folder) {
  RobertaOptions options;
  const std::filesystem::path file = folder / "tokenizer_config.json";
  if (!std::filesystem::exists(file)) return options;
  const Json json = read_json(file);
  Fields fields(json, file.string());
  options.space_in_front = fields.optional("add_prefix_space", false);
  for (auto& [key, piece] : options.special) {
    if (fields.has(key)) piece = token_piece(json, fields, key);
  }
  return options;
}

/// The merges, one a line after the line that names the version.
Document merges_of(std::string_view text) {
  Document merges = Document::array();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with("#version")) merges.push_back(std::string(line));
  }
  return merges;
}

Document added_tokens(const RobertaOptions& options, const Document& vocabulary,
                      const std::string& place) {
  std::map<std::string, std::uint64_t> ids;  // one piece may have several roles
  for (const auto& [key, piece] : options.special) {
    const auto found = vocabulary.find(piece);
    if (found != vocabulary.end() && found->is_number_unsigned()) {
      ids.emplace(piece, found->get<std::uint64_t>());
    } else if (key == "mask_token") {
      ids.emplace(piece, vocabulary.size());
    } else {
      throw FormatError("tokenizer",
                        fmt::format("{}: the special token '{}' is not in it", place, piece),
                        "Only RoBERTa's form of vocab.json is supported; others need a "
                        "tokenizer.json");
    }
  }
  Document tokens = Document::array();
  for (const auto& [piece, id] : ids) {
    tokens.push_back({{"id", id}, {"content", piece}, {"special", true}, {"normalized", false}});
  }
  return tokens;
}

Document document_of(const RobertaOptions& options, Document vocabulary, Document merges,
                     const std::string& place) {
  const auto frame = [&](const char* key) {
    const std::string& piece = options.special.at(key);
    return Document::array({piece, vocabulary.at(piece)});
  };
  Document document;
  document["added_tokens"] = added_tokens(options, vocabulary, place);
  document["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", options.space_in_front}};
  document["post_processor"] = {
      {"type", "RobertaProcessing"}, {"cls", frame("cls_token")}, {"sep", frame("sep_token")}};
  document["decoder"] = {{"type", "ByteLevel"}};
  document["model"] = {{"type", "BPE"}};
  document["model"]["vocab"] = std::move(vocabulary);
  document["model"]["merges"] = std::move(merges);
  return document;
}

}  // namespace

std::unique_ptr<Tokenizer> load_roberta_vocabulary(const std::filesystem::path& folder) {
  const std::string place = (folder / "vocab.json").string();
  const RobertaOptions options = read_roberta_options(folder);
  TokenizerDocument vocabulary = parse_tokenizer_json(read_file(folder / "vocab.json"), place);
  if (!vocabulary.json.is_object()) throw FormatError("tokenizer", place + ": not an object");
  const std::string merges = read_file(folder / "merges.txt");

  TokenizerDocument document;
  document.place = place;
  document.json = document_of(options, std::move(vocabulary.json), merges_of(merges), place);
  document.fingerprint =
      sha256(vocabulary.fingerprint + sha256(merges) + document.json["added_tokens"].dump() +
             document.json["pre_tokenizer"].dump() + document.json["post_processor"].dump());
  return make_tokenizer(document);
}

}  // namespace austeer
