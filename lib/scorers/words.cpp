#include "scorers/words.hpp"

#include <algorithm>
#include <functional>
#include <memory>

#include "base/utf8.hpp"
#include "scorers/sentences.hpp"
#include "text/regex.hpp"

namespace austeer {
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

}  // namespace austeer
