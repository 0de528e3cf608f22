#pragma once
// Pairs as tokens: both texts of each, and where their answers begin.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cache/description.hpp"
#include "engine/engine.hpp"
#include "tasks/item.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

/// The texts of pair i are 2 i (positive) and 2 i + 1 (negative).
struct TokenisedPairs {
  std::vector<Tokens> texts;
  std::vector<std::size_t> first;  ///< of each text the first token of its answer

  AnswerTokens answer_tokens() const;
};

/// The pairs' texts as tokens, at most `max_tokens` of each: longer ones lose their end. An answer
/// begins after as many tokens as what stands before it has alone (the rule of STA: by count,
/// also where a token spans the boundary); at least a text's last token is its answer.
TokenisedPairs tokenise_pairs(std::span<const Pair> pairs, const Tokenizer& tokenizer,
                              std::int64_t max_tokens);

}  // namespace austeer
