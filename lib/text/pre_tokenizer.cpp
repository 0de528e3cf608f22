// Each rule turns a piece into matches and gaps, then joins or drops them by its behaviour.
#include "text/pre_tokenizer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/error.hpp"
#include "base/names.hpp"
#include "base/utf8.hpp"
#include "text/byte_pieces.hpp"
#include "text/word_piece.hpp"

namespace austeer {

namespace {

struct Stretch {
  ByteRange range;
  bool is_match = false;
};

std::vector<ByteRange> matches_of(const Regex& pattern, std::string_view text) {
  return pattern.find_all(text);
}

std::vector<ByteRange> matches_of(const PunctuationMarks&, std::string_view text) {
  std::vector<ByteRange> marks;
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    const std::size_t end = position + point.length;
    if (is_bert_punctuation(point.value)) marks.push_back({position, end});
    position = end;
  }
  return marks;
}

std::vector<Stretch> matches_and_gaps(const SplitRule& rule, std::string_view text) {
  std::vector<Stretch> stretches;
  std::size_t done = 0;
  const std::vector<ByteRange> matches =
      std::visit([&](const auto& pattern) { return matches_of(pattern, text); }, rule.pattern);
  for (const ByteRange& match : matches) {
    if (match.begin > done) stretches.push_back({{done, match.begin}, rule.invert});
    stretches.push_back({match, !rule.invert});
    done = match.end;
  }
  if (done < text.size()) stretches.push_back({{done, text.size()}, rule.invert});
  return stretches;
}

std::vector<ByteRange> joined_with_previous(const std::vector<Stretch>& stretches) {
  std::vector<ByteRange> pieces;
  bool after_match = false;
  for (const Stretch& stretch : stretches) {
    if (stretch.is_match && !after_match && !pieces.empty()) {
      pieces.back().end = stretch.range.end;
    } else {
      pieces.push_back(stretch.range);
    }
    after_match = stretch.is_match;
  }
  return pieces;
}

std::vector<ByteRange> joined_with_next(const std::vector<Stretch>& stretches) {
  std::vector<ByteRange> pieces;
  bool before_match = false;
  for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
    if (stretch->is_match && !before_match && !pieces.empty()) {
      pieces.back().begin = stretch->range.begin;
    } else {
      pieces.push_back(stretch->range);
    }
    before_match = stretch->is_match;
  }
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

std::vector<ByteRange> joined_with_alike(const std::vector<Stretch>& stretches) {
  std::vector<ByteRange> pieces;
  bool previous = false;
  for (const Stretch& stretch : stretches) {
    if (!pieces.empty() && stretch.is_match == previous) {
      pieces.back().end = stretch.range.end;
    } else {
      pieces.push_back(stretch.range);
    }
    previous = stretch.is_match;
  }
  return pieces;
}

std::vector<ByteRange> all_of(const std::vector<Stretch>& stretches, bool matches_too) {
  std::vector<ByteRange> pieces;
  for (const Stretch& stretch : stretches) {
    if (matches_too || !stretch.is_match) pieces.push_back(stretch.range);
  }
  return pieces;
}

std::vector<ByteRange> pieces_of(const SplitRule& rule, std::string_view text) {
  const std::vector<Stretch> stretches = matches_and_gaps(rule, text);
  switch (rule.behaviour) {
    case SplitBehaviour::merged_with_previous:
      return joined_with_previous(stretches);
    case SplitBehaviour::merged_with_next:
      return joined_with_next(stretches);
    case SplitBehaviour::contiguous:
      return joined_with_alike(stretches);
    default:
      return all_of(stretches, rule.behaviour == SplitBehaviour::isolated);
  }
}

bool needs_prefix(const SplitRule& rule, std::string_view piece, bool is_first) {
  const bool here = rule.prefix_place == PrefixPlace::each ||
                    (rule.prefix_place == PrefixPlace::first && is_first);
  return here && !piece.starts_with(rule.prefix);
}

/// The piece as the rule cuts it; what had to be changed lies in `storage`.
std::string_view prepared(const SplitRule& rule, std::string_view piece, bool is_first,
                          std::deque<std::string>& storage) {
  if (!rule.space_mark.empty() && piece.find(' ') != std::string_view::npos) {
    std::string& marked = storage.emplace_back();
    for (const char c : piece) c == ' ' ? marked += rule.space_mark : marked += c;
    piece = marked;
  }
  if (needs_prefix(rule, piece, is_first)) {
    piece = storage.emplace_back(rule.prefix + std::string(piece));
  }
  return piece;
}

void append_pieces(const SplitRule& rule, std::string_view piece, bool is_first,
                   std::deque<std::string>& storage, std::vector<std::string_view>& pieces) {
  piece = prepared(rule, piece, is_first, storage);
  for (const ByteRange& range : pieces_of(rule, piece)) {
    if (range.end > range.begin) {
      pieces.push_back(piece.substr(range.begin, range.end - range.begin));
    }
  }
}

/// What each rule makes of a piece; `is_first` says that nothing stands before it.
struct PieceCutter {
  std::string_view piece;
  bool is_first;
  std::deque<std::string>& storage;
  std::vector<std::string_view>& pieces;

  void operator()(const SplitRule& rule) const {
    append_pieces(rule, piece, is_first, storage, pieces);
  }
  void operator()(const BertWords&) const { append_bert_words(piece, pieces); }
  void operator()(const ByteLetters&) const {
    std::string& letters = storage.emplace_back();
    for (const char byte : piece) {
      append_utf8(letters, byte_level_alphabet()[static_cast<unsigned char>(byte)]);
    }
    pieces.push_back(letters);
  }
  void operator()(const BytesOfLetters&) const {
    pieces.push_back(storage.emplace_back(bytes_of_piece(piece).value_or(std::string(piece))));
  }
};

}  // namespace

std::string_view whole_text_pattern() { return R"(\p{Any}+)"; }

std::string_view gpt2_pattern() {
  return R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
}

std::vector<std::string_view> PreTokenizer::split(std::string_view text, bool at_start,
                                                  std::deque<std::string>& storage) const {
  std::vector<std::string_view> words{text};
  for (const WordRule& rule : rules_) {
    std::vector<std::string_view> next;
    for (const std::string_view word : words) {
      std::visit(PieceCutter{word, at_start && next.empty(), storage, next}, rule);
    }
    words = std::move(next);
  }
  return words;
}

// The table: one row a name. Patterns are those of the models' own tokenizer.json files where these
// differ in writing from what llama.cpp runs. Names that only encoders use, and those for which
// llama.cpp has code instead of patterns (kimi-k2, afmoe, gemma4), are left out, as are chameleon
// and superbpe.

namespace {

using Patterns = std::vector<std::string>;
using Table = std::map<std::string, NamedPreTokenizer>;

/// English contractions, in any case.
constexpr std::string_view contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

/// The pattern that Llama 3 introduced; `digits` is how its numbers are cut.
std::string tiktoken_pattern(std::string_view digits) {
  return fmt::format(
      R"({}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
      contractions, digits);
}

/// The pattern of GPT-4o, which tells cases apart; `tail` is what a word may end with.
std::string cased_pattern(std::string_view tail, std::string_view digits) {
  constexpr std::string_view upper = R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])";
  constexpr std::string_view lower = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])";
  return fmt::format(
      R"([^\r\n\p{{L}}\p{{N}}]?{0}*{1}+{2}|[^\r\n\p{{L}}\p{{N}}]?{0}+{1}*{2}|{3}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
      upper, lower, tail, digits);
}

/// What DeepSeek V3 cuts last; `ends` is what follows its runs of punctuation.
std::string deepseek_words(std::string_view ends) {
  return fmt::format(
      R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{{|}}~][A-Za-z]+|[^\r\n\p{{L}}\p{{P}}\p{{S}}]?[\p{{L}}\p{{M}}]+| ?[\p{{P}}\p{{S}}]+{}|\s+(?!\S)|\s+)",
      ends);
}

const std::string three_digits = R"(\p{N}{1,3})";
const std::string one_digit = R"(\p{N})";
const std::string line_ends = "[\r\n]";
const std::string hangul_and_ideographs = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+";
const std::string kana_and_ideographs = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";
const std::string bloom_words = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+";

/// The letters that DeepSeek LLM runs together: Latin, Greek, Cyrillic, Georgian and others.
const std::string deepseek_letters =
    "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-"
    "\u02af"
    "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-"
    "\u03f5"
    "\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba"
    "\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45"
    "\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe"
    "\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc"
    "\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139"
    "\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2"
    "\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-"
    "\ufb06"
    "\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
    "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df"
    "\U0001e900-\U0001e943]+";
const std::string deepseek_marks =
    "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+";

void add_rows(Table& table, const std::vector<std::string>& names, const NamedPreTokenizer& row) {
  for (const std::string& name : names) table.emplace(name, row);
}

void add_gpt2_kin(Table& table) {
  const std::string gpt2(gpt2_pattern());
  add_rows(table,
           {"default", "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de",
            "gigachat", "a.x-4.0", "mellum", "modern-bert", "exaone4", "mpt", "olmo", "jais",
            "trillion", "granite-docling"},
           {{gpt2}, {}});
  add_rows(table,
           {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b",
            "mellum2"},
           {{one_digit, gpt2}, {}});
  add_rows(table, {"falcon"}, {{R"([\p{P}\$\+<=>\^~\|`]+)", gpt2, "[0-9][0-9][0-9]"}, {}});
  add_rows(table, {"bloom", "poro-chat", "gpt3-finnish"}, {{bloom_words}, {}});
  add_rows(table, {"viking"}, {{bloom_words, one_digit}, {}});
}

void add_llama3_kin(Table& table) {
  const std::string llama3 = tiktoken_pattern(three_digits);
  add_rows(table,
           {"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0",
            "lfm2", "jina-v5-nano"},
           {{llama3}, {}, /*ignore_merges=*/true, /*add_bos=*/true});
  add_rows(table, {"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"}, {{llama3}, {}});
  std::string spaces;
  for (const int run : {512, 256, 128, 64, 32, 16, 8, 4}) {
    spaces += fmt::format(R"(\s{{{}}}(?!\S)|)", run);
  }
  std::string jais2 = llama3;
  jais2.replace(jais2.rfind(R"(\s+(?!\S))"), std::string::npos, spaces + R"(\s{1,2}(?!\S)|\s{1})");
  add_rows(table, {"jais-2"}, {{jais2}, {}});
}

void add_qwen_kin(Table& table) {
  const std::string qwen2 = tiktoken_pattern(one_digit);
  add_rows(table, {"qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez"},
           {{qwen2}, {NormalForm::nfc}});
  add_rows(table, {"stablelm2", "hunyuan", "solar-open", "grok-2"}, {{qwen2}, {}});
  add_rows(table, {"laguna"}, {{R"([^\n]+|[\n]+)", qwen2}, {}});
  add_rows(table, {"ufakzeka"}, {{qwen2.substr(contractions.size() + 1)}, {}});
  add_rows(
      table, {"qwen35"},
      {{fmt::format(
           R"({}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
           contractions)},
       {NormalForm::nfc}});
  add_rows(
      table, {"bailingmoe", "bailingmoe2", "llada-moe"},
      {{R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)"},
       {}});
  add_rows(
      table, {"seed-coder"},
      {{fmt::format(
           R"({}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+)",
           contractions)},
       {}});
  add_rows(
      table, {"exaone-moe"},
      {{fmt::format(
           R"({}|[^\r\n\p{{L}}\p{{N}}]?(?:\p{{L}}\p{{M}}*(?: \p{{L}}\p{{M}}*)*)+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)",
           contractions)},
       {}});
}

void add_gpt4o_kin(Table& table) {
  const std::string tail = fmt::format("{}?", contractions);
  const std::string gpt4o = cased_pattern(tail, three_digits);
  add_rows(table, {"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"}, {{gpt4o}, {}});
  add_rows(table, {"tiny_aya", "cohere2moe"}, {{R"(\d{1,3}(?=(?:\d{3})*\b))", gpt4o}, {}});
  add_rows(table, {"tekken"},
           {{cased_pattern("", one_digit)}, {}, /*ignore_merges=*/true, /*add_bos=*/true});
  const std::string scripts =
      "[\uac00-\ud7a3\u3131-\u318e]+|"
      "[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+|"
      "[\u3105-\u312f]+|" +
      kana_and_ideographs;
  add_rows(table, {"youtu"},
           {{scripts, cased_pattern(tail, one_digit)}, {}, /*ignore_merges=*/true});
}

void add_deepseek_kin(Table& table) {
  add_rows(
      table, {"deepseek-llm"},
      {{line_ends, deepseek_letters, deepseek_marks, R"(\s+$)", hangul_and_ideographs, R"(\p{N}+)"},
       {}});
  add_rows(table, {"deepseek-coder"},
           {{line_ends, R"(\s?\p{L}+)", R"(\s?\p{P}+)", hangul_and_ideographs, one_digit}, {}});
  add_rows(table, {"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"},
           {{three_digits, kana_and_ideographs, deepseek_words(R"([\r\n]*|\s*[\r\n]+)")}, {}});
  add_rows(table, {"spark2_5"},
           {{three_digits, kana_and_ideographs, deepseek_words(R"(|[\r\n])"), one_digit}, {}});
}

const Table& table_of_names() {
  static const Table table = [] {
    Table rows;
    add_gpt2_kin(rows);
    add_llama3_kin(rows);
    add_qwen_kin(rows);
    add_gpt4o_kin(rows);
    add_deepseek_kin(rows);
    return rows;
  }();
  return table;
}

}  // namespace

const NamedPreTokenizer& named_pre_tokenizer(const std::string& name, const std::string& place) {
  const auto found = table_of_names().find(name);
  if (found != table_of_names().end()) return found->second;
  throw FormatError({fmt::format("[tokenizer] {}: unknown pre-tokenizer '{}'", place, name), "", "",
                     suggestion(name, pre_tokenizer_names())});
}

bool adds_bos(const std::string& name) {
  const auto found = table_of_names().find(name);
  return found != table_of_names().end() && found->second.add_bos;
}

std::vector<std::string> pre_tokenizer_names() {
  std::vector<std::string> names;
  for (const auto& [name, row] : table_of_names()) names.push_back(name);
  return names;
}

}  // namespace austeer
