#include "text/word_piece.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/scan.hpp"
#include "base/utf8.hpp"
#include "text/byte_pieces.hpp"
#include "text/composed_tokenizer.hpp"
#include "text/tokenizer_config.hpp"
#include "text/unicode.hpp"

namespace austeer {

namespace {

constexpr char32_t replacement = 0xFFFD;

bool is_ideograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) ||
         (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_ascii_punctuation(char32_t c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

bool is_ascii_space(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The three control characters that cleaning takes for white space; the others are dropped.
bool is_spacing_control(char32_t c) { return c == '\t' || c == '\n' || c == '\r'; }

bool is_dropped(char32_t c) {
  if (c < 0x80) return (c < 0x20 && !is_spacing_control(c)) || c == 0x7F;
  return c == replacement || is_control_or_format(c);
}

bool is_space(char32_t c) { return c < 0x80 ? is_ascii_space(c) : is_white_space(c); }

template <typename Change>
std::string changed(std::string_view text, const Change& change) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    change(point.value, text.substr(position, point.length), result);
    position += point.length;
  }
  return result;
}

std::string cleaned(std::string_view text, const BertNormalization& options) {
  return changed(text, [&](char32_t c, std::string_view bytes, std::string& result) {
    if (options.clean_text && is_dropped(c)) return;
    if (options.clean_text && is_space(c)) {
      result += ' ';
    } else if (options.space_chinese && c >= 0x80 && is_ideograph(c)) {
      result.append(1, ' ').append(bytes).append(1, ' ');
    } else {
      result += bytes;
    }
  });
}

std::string without_accents(std::string_view text) {
  return changed(normalise(text, NormalForm::nfd),
                 [](char32_t c, std::string_view bytes, std::string& result) {
                   if (c < 0x80 || !is_nonspacing_mark(c)) result += bytes;
                 });
}

std::string lowered(std::string_view text) {
  return changed(text, [](char32_t c, std::string_view, std::string& result) {
    if (c < 0x80) {
      result += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    } else {
      append_lower_case(result, c);
    }
  });
}

}  // namespace

bool is_bert_punctuation(char32_t c) {
  return c < 0x80 ? is_ascii_punctuation(c) : is_punctuation(c);
}

std::string bert_normalise(std::string_view text, const BertNormalization& options) {
  std::string result = cleaned(text, options);
  if (options.strip_accents) result = without_accents(result);
  return options.lowercase ? lowered(result) : result;
}

void append_bert_words(std::string_view text, std::vector<std::string_view>& words) {
  std::size_t begin = 0;
  std::size_t position = 0;
  const auto end_word = [&] {
    if (position > begin) words.push_back(text.substr(begin, position - begin));
  };
  while (position < text.size()) {
    const CodePoint point = code_point_at(text, position);
    const bool mark = is_bert_punctuation(point.value);
    if (mark || is_space(point.value)) {
      end_word();
      if (mark) words.push_back(text.substr(position, point.length));
      begin = position + point.length;
    }
    position += point.length;
  }
  end_word();
}

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
  std::vector<std::string> pieces;
  for (std::string_view line : lines_of(text)) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    pieces.emplace_back(line);
  }
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

namespace {

constexpr std::size_t max_vocabulary_bytes = std::size_t{1} << 26;

[[noreturn]] void refuse_pieces(const std::string& place, std::string_view what) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", ""});
}

/// Whether valid UTF-8 `word` has more than `most` characters.
bool is_longer(std::string_view word, std::int64_t most) {
  std::int64_t characters = 0;
  for (const char byte : word) characters += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return characters > most;
}

}  // namespace

WordPieceModel::WordPieceModel(const WordPieceRules& rules, const std::string& place)
    : max_word_characters_(rules.max_word_characters) {
  const auto unknown = rules.vocabulary.find(rules.unknown);
  if (unknown == rules.vocabulary.end()) {
    refuse_pieces(place,
                  fmt::format("the unknown token '{}' is not in the vocabulary", rules.unknown));
  }
  unknown_ = unknown->second;
  if (max_word_characters_ < 1) {
    refuse_pieces(place, "model.max_input_chars_per_word must be at least 1");
  }
  std::size_t bytes = 0;
  for (const auto& [piece, id] : rules.vocabulary) bytes += piece.size();
  if (bytes > max_vocabulary_bytes) {
    refuse_pieces(place, fmt::format("the pieces of model.vocab have {} bytes, more than {}", bytes,
                                     max_vocabulary_bytes));
  }
  const std::string& prefix = rules.continuing_prefix;
  for (const auto& [piece, id] : rules.vocabulary) {
    starting_.add(piece, id);
    if (piece.starts_with(prefix)) {
      continuing_.add(std::string_view(piece).substr(prefix.size()), id);
    }
  }
}

void WordPieceModel::encode_word(std::string_view word, std::vector<TokenId>& ids) const {
  if (word.empty()) return;
  const std::size_t before = ids.size();
  bool known = !is_longer(word, max_word_characters_);
  for (std::size_t position = 0; known && position < word.size();) {
    const ByteTrie& pieces = position == 0 ? starting_ : continuing_;
    TokenId longest = -1;
    std::size_t length = 0;
    pieces.visit_prefixes(word.substr(position), [&](std::size_t bytes, TokenId id) {
      longest = id;
      length = bytes;
    });
    known = longest >= 0;
    ids.push_back(longest);
    position += length;
  }
  if (known) return;
  ids.resize(before);
  ids.push_back(unknown_);
}

}  // namespace austeer
