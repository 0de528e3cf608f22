#pragma once
// Pairs as tokens: both texts of each, where their answers begin, and which pairs are void: an
// answer is cut off, or both texts are the same.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "cache/description.hpp"
#include "engine/engine.hpp"
#include "tasks/dataset.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

/// What becomes of void pairs.
enum class VoidPairsChoice {
  keep,     ///< they count, as published: in N, and with momentum 0 where their texts are equal
  drop,     ///< they are left out
  shorten,  ///< prompts lose their front, so that answers stay; what is void all the same is kept
};

constexpr auto enum_table(VoidPairsChoice) {
  return EnumTable{
      "collect", "choice of void pairs",
      std::array{std::pair{"keep", VoidPairsChoice::keep}, std::pair{"drop", VoidPairsChoice::drop},
                 std::pair{"shorten", VoidPairsChoice::shorten}}};
}

template <>
struct JsonForm<VoidPairsChoice> : UsageJsonForm<VoidPairsChoice> {};

inline std::string void_pairs_choice_name(VoidPairsChoice choice) { return enum_name(choice); }

/// Throws UsageError with the nearest name for an unknown one.
inline VoidPairsChoice parse_void_pairs_choice(const std::string& name) {
  return enum_value<VoidPairsChoice>(name);
}

/// The texts of pair i are 2 i (positive) and 2 i + 1 (negative).
struct TokenisedPairs {
  std::vector<Tokens> texts;
  std::vector<std::size_t> first;  ///< of each text the first token of its answer
  VoidPairs void_pairs;            ///< found among the pairs

  AnswerTokens answer_tokens() const;
};

/// The pairs' texts as tokens, at most `max_tokens` of each: longer ones lose their end, or with
/// `choice` shorten the front of their prompt, behind the tokens that the tokenizer puts before
/// every text, where that is enough to keep the answer; two equal prompts lose the same. An answer
/// begins after as many tokens as what stands before it has alone (the rule of STA: by count, also
/// where a token spans the boundary); at least a text's last token is its answer. A text that is
/// too long loses part of its answer, but for an empty one. With `choice` drop the void pairs are
/// still there: drop_void_pairs() takes them out.
TokenisedPairs tokenise_pairs(std::span<const Pair> pairs, const Tokenizer& tokenizer,
                              std::int64_t max_tokens,
                              VoidPairsChoice choice = VoidPairsChoice::keep);

/// Leaves the void pairs out of both. Throws FormatError where none is left.
void drop_void_pairs(std::vector<Pair>& pairs, TokenisedPairs& tokens);

/// What to say of the void pairs of `pairs`, which are the task's before any was dropped: how many,
/// the first few places, what to do. "" where there are none.
std::string void_pairs_warning(std::span<const Pair> pairs, const VoidPairs& found,
                               VoidPairsChoice choice, std::int64_t max_tokens);

}  // namespace austeer
