#include "runs/tokenised_pairs.hpp"

#include <algorithm>

namespace austeer {

AnswerTokens TokenisedPairs::answer_tokens() const {
  AnswerTokens tokens;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto& side = i % 2 == 0 ? tokens.positive : tokens.negative;
    side.push_back(static_cast<std::int64_t>(texts[i].size() - first[i]));
  }
  return tokens;
}

TokenisedPairs tokenise_pairs(std::span<const Pair> pairs, const Tokenizer& tokenizer,
                              std::int64_t max_tokens) {
  TokenisedPairs result;
  const auto add = [&](const std::string& text, std::size_t answer, bool special) {
    Tokens tokens = tokenizer.encode(text, special);
    if (static_cast<std::int64_t>(tokens.size()) > max_tokens) {
      tokens.resize(static_cast<std::size_t>(max_tokens));
    }
    const std::size_t before =
        tokenizer.encode(std::string_view(text).substr(0, answer), special).size();
    result.first.push_back(tokens.empty() ? 0 : std::min(before, tokens.size() - 1));
    result.texts.push_back(std::move(tokens));
  };
  for (const Pair& pair : pairs) {
    add(pair.positive, pair.positive_answer, pair.special_tokens);
    add(pair.negative, pair.negative_answer, pair.special_tokens);
  }
  return result;
}

}  // namespace austeer
