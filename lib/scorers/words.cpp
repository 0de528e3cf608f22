#include "scorers/words.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/utf8.hpp"
#include "text/regex.hpp"

namespace austeer {

namespace {

/// The positions of full stops that end no sentence.
std::set<std::size_t> stops_of_abbreviations(std::string_view text) {
  static const Regex abbreviation(
      R"((?<![^\s\x{1c}-\x{1f}(\[{<"'`«“‘„])(?i:mrs?|ms|dr|prof|st|[js]r|gen|gov|sen|rep|rev)"
      R"(|capt|col|lt|vs|cf|\p{L}(?:\.\p{L})*+)\.)",
      "abbreviations");
  std::set<std::size_t> stops;
  for (const ByteRange& match : abbreviation.find_all(text)) stops.insert(match.end - 1);
  return stops;
}

/// Adds what is left of `sentence` without the white space around it, unless that is nothing.
void add_trimmed(std::string_view sentence, std::vector<std::string_view>& result) {
  static const Regex word(R"([^\s\x{1c}-\x{1f}]+)", "words");
  const std::vector<ByteRange> found = word.find_all(sentence);
  if (found.empty()) return;
  const std::size_t begin = found.front().begin;
  result.push_back(sentence.substr(begin, found.back().end - begin));
}

}  // namespace

std::vector<std::string_view> sentences(std::string_view text) {
  static const Regex end(R"((?<![.?!])[.?!]++[\])}>"'»”’]*+(?=[\s\x{1c}-\x{1f}]++(?!\p{Ll})))",
                         "sentence ends");
  const std::set<std::size_t> exempt = stops_of_abbreviations(text);
  std::vector<std::string_view> result;
  std::size_t start = 0;
  for (const ByteRange& match : end.find_all(text)) {
    if (exempt.contains(match.begin)) continue;
    add_trimmed(text.substr(start, match.end - start), result);
    start = match.end;
  }
  add_trimmed(text.substr(start), result);
  return result;
}

namespace {

using Rewrite = std::function<std::string(std::string_view match)>;

/// Each match of the pattern is replaced by what rewrite makes of it.
struct Rule {
  Rule(const std::string& text, Rewrite action)
      : pattern(text, "word rules"), rewrite(std::move(action)) {}

  std::string apply(std::string_view text) const {
    std::string result;
    std::size_t done = 0;
    for (const ByteRange& match : pattern.find_all(text)) {
      result += text.substr(done, match.begin - done);
      result += rewrite(text.substr(match.begin, match.end - match.begin));
      done = match.end;
    }
    result += text.substr(done);
    return result;
  }

  Regex pattern;
  Rewrite rewrite;
};

// NLTK compiles most rules with the package `regex` and those of contractions with Python's own
// `re`, for which marks are no letters, numbers of all kinds are, and separators U+1C to U+1F are
// space.
const std::string letter =
    "[\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{200c}\\x{200d}\\x{24b6}-\\x{24e9}"
    "\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}]";
const std::string python_letter = "[\\p{L}\\p{N}_]";
const std::string python_space = "[\\s\\x{1c}-\\x{1f}]";

std::string padded(std::string_view match) {
  std::string text = " ";
  text += match;
  return text + " ";
}

/// Spaces around the first `bytes` of the match, and one at its end.
Rewrite split_at(std::size_t bytes) {
  return [bytes](std::string_view match) {
    return padded(match.substr(0, bytes)) + std::string(match.substr(bytes)) + " ";
  };
}

/// A space behind the first character, which is the context of what follows.
std::string parted(std::string_view match) {
  const std::size_t context = code_point_at(match, 0).length;
  return std::string(match.substr(0, context)) + " " + std::string(match.substr(context));
}

/// A character, the full stop, what closes behind it (as `closers` matches it), white space.
Rewrite final_stop(std::string_view closers, bool pad_closers) {
  const auto closing = std::make_shared<Regex>(closers, "word rules");
  return [closing, pad_closers](std::string_view match) {
    const std::size_t context = code_point_at(match, 0).length;
    const std::string_view rest = match.substr(context + 1);
    const std::size_t closed = closing->find_all(rest).at(0).end;
    return std::string(match.substr(0, context)) + (pad_closers ? " . " : " .") +
           std::string(rest.substr(0, closed)) + " ";
  };
}

std::vector<Rule> opening_rules() {
  std::vector<Rule> rules;
  rules.emplace_back("[«“‘„]|`+", padded);
  rules.emplace_back(R"(\A")", [](std::string_view) { return "``"; });
  rules.emplace_back("``", padded);
  rules.emplace_back(R"([ (\[{<](?:"|''))",
                     [](std::string_view match) { return std::string(1, match[0]) + " `` "; });
  rules.emplace_back(
      "(?<!" + letter + ")'(?!(?i:re|ve|ll|m|t|s|d|n)(?!" + letter + "))(?=" + letter + ")",
      [](std::string_view) { return "' "; });
  return rules;
}

std::vector<Rule> punctuation_rules() {
  std::vector<Rule> rules;
  rules.emplace_back(R"([^.]\.[\])}>"'»”’ ]*+\s*\z)", final_stop(R"(\A[\])}>"'»”’ ]*)", true));
  rules.emplace_back(R"([:,][^\d])", [](std::string_view match) {
    return padded(match.substr(0, 1)) + std::string(match.substr(1));
  });
  rules.emplace_back(R"([:,](?=\n?\z))", padded);
  rules.emplace_back(R"(\.{2,})", padded);
  rules.emplace_back("[;@#$%&]", padded);
  rules.emplace_back(R"([\x{2012}-\x{2015}])", padded);
  rules.emplace_back(R"([^.]\.[\])}>"']*\s*\z)", final_stop(R"(\A[\])}>"']*)", false));
  rules.emplace_back("[?!]", padded);
  rules.emplace_back("[^']' ", parted);
  rules.emplace_back(R"([*])", padded);
  rules.emplace_back(R"([\]\[(){}<>])", padded);
  rules.emplace_back("--", padded);
  return rules;
}

/// Rules that expect a space at both ends of the sentence.
std::vector<Rule> closing_rules() {
  std::vector<Rule> rules;
  rules.emplace_back("[»”’]", padded);
  rules.emplace_back("''", padded);
  rules.emplace_back("\"", [](std::string_view) { return " '' "; });
  rules.emplace_back(R"(\s+)", [](std::string_view) { return " "; });
  rules.emplace_back("[^' ](?:'[sS]|'[mM]|'[dD]|') ", parted);
  rules.emplace_back("[^' ](?:'ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", parted);
  return rules;
}

/// Words that are written as one: cannot, d'ye, gimme, gonna, gotta, lemme, more'n, wanna; 'tis and
/// 'twas after a space. The number says how many bytes belong to the first of the two.
std::vector<Rule> contraction_rules() {
  const auto word = [](const std::string& text) {
    return "(?<!" + python_letter + ")(?i:" + text + ")(?!" + python_letter + ")";
  };
  std::vector<Rule> rules;
  rules.emplace_back(word("cannot"), split_at(3));
  rules.emplace_back(word("d'ye"), split_at(1));
  rules.emplace_back(word("gimme"), split_at(3));
  rules.emplace_back(word("gonna"), split_at(3));
  rules.emplace_back(word("gotta"), split_at(3));
  rules.emplace_back(word("lemme"), split_at(3));
  rules.emplace_back(word("more'n"), split_at(4));
  rules.emplace_back("(?<!" + python_letter + ")(?i:wanna)(?=" + python_space + ")", split_at(3));
  rules.emplace_back("(?i: 'tis)(?!" + python_letter + ")", split_at(3));
  rules.emplace_back("(?i: 'twas)(?!" + python_letter + ")", split_at(3));
  return rules;
}

void apply(const std::vector<Rule>& rules, std::string& text) {
  for (const Rule& rule : rules) text = rule.apply(text);
}

std::vector<std::string> split_at_space(std::string_view text) {
  static const Regex word(R"([^\s\x{1c}-\x{1f}]+)", "words");
  std::vector<std::string> parts;
  for (const ByteRange& match : word.find_all(text)) {
    parts.emplace_back(text.substr(match.begin, match.end - match.begin));
  }
  return parts;
}

}  // namespace

std::vector<std::string> treebank_words(std::string_view sentence) {
  static const std::vector<Rule> opening = opening_rules();
  static const std::vector<Rule> punctuation = punctuation_rules();
  static const std::vector<Rule> closing = closing_rules();
  static const std::vector<Rule> contractions = contraction_rules();
  std::string text = repair_utf8(sentence);
  apply(opening, text);
  apply(punctuation, text);
  text = " " + text + " ";
  apply(closing, text);
  apply(contractions, text);
  return split_at_space(text);
}

std::vector<std::string> words(std::string_view text) {
  const std::string valid = repair_utf8(text);
  std::vector<std::string> result;
  for (const std::string_view sentence : sentences(valid)) {
    for (std::string& word : treebank_words(sentence)) result.push_back(std::move(word));
  }
  return result;
}

namespace {

constexpr std::size_t shortest_ngram = 3;
constexpr std::size_t longest_ngram = 5;
constexpr std::size_t longest_word = 28;
constexpr std::string_view inner_marks = "'!*@#$%&+-_";
constexpr std::string_view edge_marks = "'!-_%&+";

bool belongs_to_word(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
         static_cast<unsigned char>(byte) >= 0x80 ||
         inner_marks.find(byte) != std::string_view::npos;
}

/// The last byte of U+2010 to U+2027 where one starts at `position`, else 0.
unsigned char general_punctuation(std::string_view text, std::size_t position) {
  if (position + 2 >= text.size() || text.substr(position, 2) != "\xe2\x80") return 0;
  const auto last = static_cast<unsigned char>(text[position + 2]);
  return last >= 0x90 && last <= 0xa7 ? last : 0;
}

void end_word(std::string& word, std::vector<std::string>& words) {
  const std::size_t first = word.find_first_not_of(edge_marks);
  if (first != std::string::npos) {
    const std::size_t last = word.find_last_not_of(edge_marks);
    words.push_back(word.substr(first, std::min(last + 1 - first, longest_word)));
  }
  word.clear();
}

std::uint32_t bucket_of(std::string_view ngram) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : ngram) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return static_cast<std::uint32_t>((hash ^ (hash >> 32)) % ngram_buckets);
}

}  // namespace

std::vector<std::string> ngram_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = lower_ascii(text[i]);
    if (const unsigned char last = general_punctuation(text, i)) {
      const bool apostrophe = last == 0x98 || last == 0x99;
      if (apostrophe) {
        word += '\'';
      } else {
        end_word(word, words);
      }
      i += 2;
    } else if (belongs_to_word(byte)) {
      word += byte;
    } else {
      end_word(word, words);
    }
  }
  end_word(word, words);
  return words;
}

std::vector<SparseElement> ngram_features(std::string_view text) {
  std::vector<std::uint32_t> buckets;
  for (const std::string& word : ngram_words(text)) {
    const std::string framed = '<' + word + '>';
    for (std::size_t length = shortest_ngram; length <= longest_ngram; ++length) {
      for (std::size_t first = 0; first + length <= framed.size(); ++first) {
        buckets.push_back(bucket_of(std::string_view(framed).substr(first, length)));
      }
    }
  }
  std::sort(buckets.begin(), buckets.end());
  const double scale = 1 / std::sqrt(static_cast<double>(buckets.size()));
  std::vector<SparseElement> features;
  for (std::size_t i = 0, next = 0; i < buckets.size(); i = next) {
    while (next < buckets.size() && buckets[next] == buckets[i]) ++next;
    const double count = static_cast<double>(next - i);
    features.push_back({buckets[i], static_cast<float>(std::sqrt(count) * scale)});
  }
  return features;
}

namespace {

/// The words as numbers, equal where the words are.
std::vector<int> numbered(const std::vector<std::string>& words) {
  std::map<std::string, int> numbers;
  std::vector<int> result;
  for (const std::string& word : words) {
    result.push_back(numbers.emplace(word, static_cast<int>(numbers.size())).first->second);
  }
  return result;
}

/// The entropy, in bits, of the distribution of the n-grams of `words`.
double entropy_of_ngrams(std::span<const int> words, std::size_t n) {
  if (words.size() < n) return 0;
  std::map<std::vector<int>, std::int64_t> counts;
  for (std::size_t i = 0; i + n <= words.size(); ++i) {
    const auto ngram = words.subspan(i, n);
    ++counts[{ngram.begin(), ngram.end()}];
  }
  const auto total = static_cast<double>(words.size() - n + 1);
  double entropy = 0;
  for (const auto& [ngram, count] : counts) {
    const double share = static_cast<double>(count) / total;
    entropy -= share * std::log2(share);
  }
  return entropy;
}

}  // namespace

double ngram_entropy(std::string_view text) {
  const std::vector<int> numbers = numbered(words(text));
  return (2.0 / 3.0 * entropy_of_ngrams(numbers, 2) + 4.0 / 3.0 * entropy_of_ngrams(numbers, 3)) /
         2.0;
}

}  // namespace austeer
