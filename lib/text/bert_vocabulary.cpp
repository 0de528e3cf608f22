#include "text/bert_vocabulary.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "text/composed_tokenizer.hpp"
#include "text/pieces.hpp"
#include "text/tokenizer_config.hpp"

namespace austeer {
namespace {

struct BertOptions {
  BertNormalization normalization;
  std::string unknown = "[UNK]";
  std::string before = "[CLS]";
  std::string after = "[SEP]";
  std::vector<std::string> others = {"[PAD]", "[MASK]"};
};

BertOptions read_bert_options(const std::filesystem::path& folder) {
  BertOptions options;
  const std::filesystem::path file = folder / "tokenizer_config.json";
  if (!std::filesystem::exists(file)) return options;
  const Json json = read_json(file);
  Fields fields(json, file.string());
  BertNormalization& normalization = options.normalization;
  normalization.lowercase = fields.optional("do_lower_case", true);
  normalization.space_chinese = fields.optional("tokenize_chinese_chars", true);
  normalization.strip_accents = fields.optional("strip_accents", normalization.lowercase);
  if (!fields.optional("do_basic_tokenize", true)) {
    fields.refuse("do_basic_tokenize", "true", false);
  }
  const auto read = [&](const std::string& key, std::string& piece) {
    if (fields.has(key)) piece = token_piece(json, fields, key);
  };
  read("unk_token", options.unknown);
  read("cls_token", options.before);
  read("sep_token", options.after);
  read("pad_token", options.others[0]);
  read("mask_token", options.others[1]);
  return options;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

TokenId id_of(const std::string& piece, const WordPieceRules& rules, const std::string& place) {
  const auto found = rules.vocabulary.find(piece);
  if (found != rules.vocabulary.end()) return found->second;
  throw FormatError("tokenizer",
                    fmt::format("{}: the special token '{}' is not in it", place, piece));
}

/// What of the options changes ids, for the fingerprint.
std::string described(const BertOptions& options) {
  const BertNormalization& normalization = options.normalization;
  return fmt::format("{} {} {} {} {} {} {}", normalization.lowercase, normalization.space_chinese,
                     normalization.strip_accents, options.unknown, options.before, options.after,
                     fmt::join(options.others, " "));
}

}  // namespace

std::unique_ptr<Tokenizer> load_bert_vocabulary(const std::filesystem::path& folder) {
  const BertOptions options = read_bert_options(folder);
  TokenizerParts parts;
  parts.place = (folder / "vocab.txt").string();
  const std::string text = read_file(folder / "vocab.txt");
  const std::vector<std::string> pieces = lines_of(text);
  check_pieces(pieces, parts.place);

  WordPieceRules& rules = parts.rules.emplace<WordPieceRules>();
  rules.unknown = options.unknown;
  for (const std::string& piece : pieces) {
    rules.vocabulary.emplace(piece, static_cast<TokenId>(rules.vocabulary.size()));
  }
  parts.prefix = {id_of(options.before, rules, parts.place)};
  parts.suffix = {id_of(options.after, rules, parts.place)};
  std::vector<std::string> special = options.others;
  special.insert(special.end(), {options.unknown, options.before, options.after});
  std::ranges::sort(special);
  special.erase(std::unique(special.begin(), special.end()), special.end());
  for (const std::string& piece : special) {
    AddedToken token;
    token.id = id_of(piece, rules, parts.place);
    token.content = piece;
    token.special = true;
    parts.added.push_back(std::move(token));
  }
  parts.normalizer.add_bert(options.normalization);
  parts.word_rules.emplace_back(BertWords{});
  parts.decoder.add_word_piece(rules.continuing_prefix, /*cleanup=*/true);
  parts.fingerprint = sha256(sha256(text) + " " + described(options));
  return compose_tokenizer(std::move(parts));
}

}  // namespace austeer
