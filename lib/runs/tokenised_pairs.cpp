#include "runs/tokenised_pairs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"

namespace austeer {
namespace {

constexpr std::size_t places_shown = 5;

/// One text of a pair on its way to `max_tokens`.
struct SideTokens {
  Tokens tokens;
  std::size_t fixed = 0;   // default special tokens at the front
  std::size_t prompt = 0;  // tokens before the answer, those included
  bool has_answer = false;

  SideTokens(std::string_view text, std::size_t answer, bool special_tokens,
             const Tokenizer& tokenizer)
      : tokens(tokenizer.encode(text, special_tokens)),
        prompt(std::min(tokenizer.encode(text.substr(0, answer), special_tokens).size(),
                        tokens.size())),
        has_answer(answer < text.size()) {}

  void find_fixed(const Tokenizer& tokenizer) {
    const Tokens default_tokens = tokenizer.encode("");
    const auto end =
        std::mismatch(tokens.begin(), tokens.end(), default_tokens.begin(), default_tokens.end())
            .first;
    fixed = std::min(static_cast<std::size_t>(end - tokens.begin()), prompt);
  }

  std::size_t excess(std::size_t most) const {
    return tokens.size() > most ? tokens.size() - most : 0;
  }

  /// Whether `count` tokens can go from the prompt's front.
  bool can_lose(std::size_t count) const { return count <= prompt - fixed; }

  void lose_front(std::size_t count) {
    const auto start = tokens.begin() + static_cast<std::ptrdiff_t>(fixed);
    tokens.erase(start, start + static_cast<std::ptrdiff_t>(count));
    prompt -= count;
  }

  /// Cuts the end off; whether part of the answer went with it.
  bool cut_end(std::size_t most) {
    if (excess(most) == 0) return false;
    tokens.resize(most);
    return has_answer;
  }

  std::size_t first() const { return tokens.empty() ? 0 : std::min(prompt, tokens.size() - 1); }
};

/// Takes as much from the fronts of both prompts as makes room for the answers; whether it did.
bool shorten(const Pair& pair, SideTokens& positive, SideTokens& negative, std::size_t most,
             const Tokenizer& tokenizer) {
  std::size_t of_positive = positive.excess(most);
  std::size_t of_negative = negative.excess(most);
  if (of_positive + of_negative == 0) return false;
  positive.find_fixed(tokenizer);
  negative.find_fixed(tokenizer);
  const auto prompt_of = [](const std::string& text, std::size_t answer) {
    return std::string_view(text).substr(0, answer);
  };
  if (prompt_of(pair.positive, pair.positive_answer) ==
      prompt_of(pair.negative, pair.negative_answer)) {
    of_positive = of_negative = std::max(of_positive, of_negative);
  }
  if (!positive.can_lose(of_positive) || !negative.can_lose(of_negative)) return false;
  positive.lose_front(of_positive);
  negative.lose_front(of_negative);
  return true;
}

/// "3 pairs (train.jsonl:2, train.jsonl:3 ...)"
std::string places_text(std::span<const Pair> pairs, const std::vector<std::int64_t>& which) {
  std::vector<std::string> places;
  for (const std::int64_t pair : which) {
    if (places.size() == places_shown) break;
    places.push_back(pairs[static_cast<std::size_t>(pair)].place);
  }
  return fmt::format("{} of {} pairs ({}{})", which.size(), pairs.size(), fmt::join(places, ", "),
                     which.size() > places.size() ? " ..." : "");
}

}  // namespace

AnswerTokens TokenisedPairs::answer_tokens() const {
  AnswerTokens tokens;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto& side = i % 2 == 0 ? tokens.positive : tokens.negative;
    side.push_back(static_cast<std::int64_t>(texts[i].size() - first[i]));
  }
  return tokens;
}

TokenisedPairs tokenise_pairs(std::span<const Pair> pairs, const Tokenizer& tokenizer,
                              std::int64_t max_tokens, VoidPairsChoice choice) {
  const auto most = static_cast<std::size_t>(max_tokens);
  TokenisedPairs result;
  result.void_pairs.are_dropped = choice == VoidPairsChoice::drop;
  for (const Pair& pair : pairs) {
    const std::int64_t index = std::ssize(result.texts) / 2;
    SideTokens positive(pair.positive, pair.positive_answer, pair.special_tokens, tokenizer);
    SideTokens negative(pair.negative, pair.negative_answer, pair.special_tokens, tokenizer);
    if (choice == VoidPairsChoice::shorten && shorten(pair, positive, negative, most, tokenizer)) {
      result.void_pairs.shortened.push_back(index);
    }
    const bool positive_cut = positive.cut_end(most);
    const bool negative_cut = negative.cut_end(most);
    if (positive_cut || negative_cut) result.void_pairs.cut.push_back(index);
    if (positive.tokens == negative.tokens) result.void_pairs.equal.push_back(index);
    for (SideTokens* text : {&positive, &negative}) {
      result.first.push_back(text->first());
      result.texts.push_back(std::move(text->tokens));
    }
  }
  return result;
}

void drop_void_pairs(std::vector<Pair>& pairs, TokenisedPairs& tokens) {
  const std::vector<std::int64_t> dropped = tokens.void_pairs.all();
  if (dropped.size() == pairs.size()) {
    throw FormatError("collect",
                      "every pair is void: its answer is cut off, or its texts are equal",
                      "Raise --max-tokens, or use --void-pairs shorten");
  }
  std::vector<Pair> kept;
  TokenisedPairs kept_tokens;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (std::ranges::binary_search(dropped, static_cast<std::int64_t>(i))) continue;
    kept.push_back(std::move(pairs[i]));
    for (const std::size_t text : {2 * i, 2 * i + 1}) {
      kept_tokens.texts.push_back(std::move(tokens.texts[text]));
      kept_tokens.first.push_back(tokens.first[text]);
    }
  }
  kept_tokens.void_pairs = std::move(tokens.void_pairs);
  pairs = std::move(kept);
  tokens = std::move(kept_tokens);
}

std::string void_pairs_warning(std::span<const Pair> pairs, const VoidPairs& found,
                               VoidPairsChoice choice, std::int64_t max_tokens) {
  std::vector<std::string> parts;
  if (!found.cut.empty()) {
    parts.push_back(fmt::format("{} lose part of an answer at {} tokens (--max-tokens)",
                                places_text(pairs, found.cut), max_tokens));
  }
  if (!found.equal.empty()) {
    parts.push_back(fmt::format("{} are two equal texts{}", places_text(pairs, found.equal),
                                choice == VoidPairsChoice::drop ? "" : ", whose momentum is 0"));
  }
  if (!found.shortened.empty()) {
    parts.push_back(fmt::format("{} lose the front of their prompts so that their answers stay",
                                places_text(pairs, found.shortened)));
  }
  if (parts.empty()) return "";
  std::string text = fmt::format("{}", fmt::join(parts, "; "));
  if (found.cut.empty() && found.equal.empty()) return text;
  if (choice == VoidPairsChoice::drop) return text + ": they are left out";
  text += ": they are kept and count, as published. --void-pairs drop leaves them out";
  if (choice == VoidPairsChoice::keep && !found.cut.empty()) {
    text += ", shorten cuts the prompts' front instead of the answers";
  }
  const bool all_answer = std::ranges::any_of(found.cut, [&](std::int64_t pair) {
    const Pair& one = pairs[static_cast<std::size_t>(pair)];
    return one.positive_answer == 0 || one.negative_answer == 0;
  });
  if (all_answer) text += " (not where the whole text is the answer: it has no prompt to cut)";
  return text;
}

}  // namespace austeer
