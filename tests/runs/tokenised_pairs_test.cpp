// Where answers begin in tokens: by count, with a tokenizer that merges letters across the place at
// which the answer begins.
#include "runs/tokenised_pairs.hpp"

#include <gtest/gtest.h>

namespace austeer {
namespace {

/// BOS, then two letters to a token, the last one alone where their number is odd.
class PairsOfLetters : public Tokenizer {
 public:
  PairsOfLetters() { set_default_tokens({0}, {}); }

  std::vector<TokenId> encode_text(std::string_view text) const override {
    std::vector<TokenId> ids;
    for (std::size_t i = 0; i < text.size(); i += 2) {
      ids.push_back(1 + text[i] * 128 + (i + 1 < text.size() ? text[i + 1] : 0));
    }
    return ids;
  }
  std::string decode(std::span<const TokenId> /*ids*/) const override { return ""; }
  std::int64_t size() const override { return 1 + 128 * 129; }
  std::optional<TokenId> find(std::string_view /*piece*/) const override { return std::nullopt; }
  std::string fingerprint() const override { return ""; }
};

/// The first tokens of both answers of a pair, and how many there are.
void expect_answers(const Pair& pair, std::int64_t max_tokens, std::vector<std::size_t> first,
                    const AnswerTokens& tokens) {
  const TokenisedPairs found = tokenise_pairs(std::span(&pair, 1), PairsOfLetters(), max_tokens);
  EXPECT_EQ(found.first, first) << pair.positive;
  EXPECT_EQ(found.answer_tokens(), tokens) << pair.positive;
}

TEST(TokenisedPairs, AnswersBeginAfterAsManyTokensAsThePromptHas) {
  // "ab" "cd" | "XY" "Z" and "ab" "cd" | "W"
  expect_answers({"", "abcdXYZ", "abcdW", "", 4, 4}, 100, {3, 3}, {{2}, {1}});
  // "ab" "cX" "YZ" | "V": the prompt alone has three tokens with BOS, "ab" and "c"; of the text as
  // many stand before the answer, also where its first letter is in one of them.
  expect_answers({"", "abcXYZV", "abcXY", "", 3, 3}, 100, {3, 3}, {{2}, {1}});
}

TEST(TokenisedPairs, TheWholeTextBeginsAfterWhatTheTokenizerAdds) {
  expect_answers({"", "abcd", "ab", "", 0, 0}, 100, {1, 1}, {{2}, {1}});
}

TEST(TokenisedPairs, AtLeastTheLastTokenIsTheAnswer) {
  // The answer is part of the prompt's last token, empty, or beyond the tokens that are kept.
  expect_answers({"", "abcX", "abcd", "", 3, 4}, 100, {2, 2}, {{1}, {1}});
  expect_answers({"", "abcdefgh", "abcdefgh", "", 2, 6}, 4, {2, 3}, {{2}, {1}});
  const Pair pair{"", "abcdefgh", "ab", "", 2, 2};
  const TokenisedPairs cut = tokenise_pairs(std::span(&pair, 1), PairsOfLetters(), 4);
  EXPECT_EQ(cut.texts[0].size(), 4U);
  EXPECT_EQ(cut.texts[1].size(), 2U);
}

}  // namespace
}  // namespace austeer
