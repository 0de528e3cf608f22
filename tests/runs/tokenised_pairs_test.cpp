// Where answers begin in tokens: by count, with a tokenizer that merges letters across the place at
// which the answer begins.
#include "runs/tokenised_pairs.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

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

using Places = std::vector<std::int64_t>;

/// Pairs around a limit of 6 tokens (BOS and ten letters): fits; the negative answer loses a token;
/// both answers are lost, which leaves equal texts; equal from the start; an empty answer, of which
/// nothing is lost; a text that is all answer.
std::vector<Pair> pairs_around_six() {
  return {{"d:1", "abcdefghXY", "abcdefghZW", "", 8, 8},
          {"d:2", "abcdefghXY", "abcdefghZWUV", "", 8, 8},
          {"d:3", "abcdefghijXY", "abcdefghijZW", "", 10, 10},
          {"d:4", "abcdXY", "abcdXY", "", 4, 4},
          {"d:5", "abcdefghijkl", "abXY", "", 12, 2},
          {"d:6", "abcdefghijklmn", "ABCDEFGHIJ", "", 0, 0}};
}

TEST(VoidPairs, AreFound) {
  const std::vector<Pair> pairs = pairs_around_six();
  const TokenisedPairs kept = tokenise_pairs(pairs, PairsOfLetters(), 6);
  EXPECT_EQ(kept.void_pairs.cut, (Places{1, 2, 5}));
  EXPECT_EQ(kept.void_pairs.equal, (Places{2, 3}));
  EXPECT_TRUE(kept.void_pairs.shortened.empty());
  for (const Tokens& text : kept.texts) EXPECT_LE(text.size(), 6U);
  EXPECT_EQ(
      void_pairs_warning(pairs, kept.void_pairs, VoidPairsChoice::keep, 6),
      "3 of 6 pairs (d:2, d:3, d:6) lose part of an answer at 6 tokens (--max-tokens); 2 of 6 "
      "pairs (d:3, d:4) are two equal texts, whose momentum is 0: they are kept and count, as "
      "published. --void-pairs drop leaves them out, shorten cuts the prompts' front instead "
      "of the answers (not where the whole text is the answer: it has no prompt to cut)");
  const TokenisedPairs whole = tokenise_pairs(std::span(pairs).first(3), PairsOfLetters(), 100);
  EXPECT_TRUE(whole.void_pairs.empty());
  EXPECT_EQ(void_pairs_warning(pairs, whole.void_pairs, VoidPairsChoice::drop, 100), "");
}

TEST(VoidPairs, AreDropped) {
  std::vector<Pair> pairs = pairs_around_six();
  TokenisedPairs tokens = tokenise_pairs(pairs, PairsOfLetters(), 6, VoidPairsChoice::drop);
  EXPECT_NE(void_pairs_warning(pairs, tokens.void_pairs, VoidPairsChoice::drop, 6)
                .find("(d:3, d:4) are two equal texts: they are left out"),
            std::string::npos);
  const Tokens last = tokens.texts[9];
  drop_void_pairs(pairs, tokens);
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[1].place, "d:5");
  ASSERT_EQ(tokens.texts.size(), 4U);
  EXPECT_EQ(tokens.texts[3], last);
  EXPECT_EQ(tokens.first.size(), 4U);
  EXPECT_TRUE(tokens.void_pairs.are_dropped);
  EXPECT_EQ(tokens.void_pairs.all(), (Places{1, 2, 3, 5}));
  std::vector<Pair> alike = {{"d:1", "ab", "ab", "", 1, 1}};
  TokenisedPairs both = tokenise_pairs(alike, PairsOfLetters(), 6, VoidPairsChoice::drop);
  EXPECT_THROW(drop_void_pairs(alike, both), FormatError);
}

TEST(VoidPairs, ShorteningKeepsAnswersWhole) {
  const std::vector<Pair> pairs = pairs_around_six();
  const TokenisedPairs tokens =
      tokenise_pairs(pairs, PairsOfLetters(), 6, VoidPairsChoice::shorten);
  EXPECT_EQ(tokens.void_pairs.shortened, (Places{1, 2, 4}));
  EXPECT_EQ(tokens.void_pairs.cut, Places{5}) << "no prompt that could be cut";
  EXPECT_EQ(tokens.void_pairs.equal, Places{3});
  const auto without_first_letters = [](const std::string& text) {
    return PairsOfLetters().encode(text, true);
  };
  // Both texts lose the same of their common prompt, behind BOS.
  EXPECT_EQ(tokens.texts[2], without_first_letters("cdefghXY"));
  EXPECT_EQ(tokens.texts[3], without_first_letters("cdefghZWUV"));
  EXPECT_EQ(tokens.texts[4], without_first_letters("cdefghijXY"));
  EXPECT_EQ(tokens.first[3], 4U);
  EXPECT_EQ(tokens.first[4], 5U);
  // Of prompts that differ only the one that is too long.
  EXPECT_EQ(tokens.texts[8], without_first_letters("cdefghijkl"));
  EXPECT_EQ(tokens.texts[9], without_first_letters("abXY"));
  const std::string warning =
      void_pairs_warning(pairs, tokens.void_pairs, VoidPairsChoice::shorten, 6);
  EXPECT_NE(warning.find("3 of 6 pairs (d:2, d:3, d:5) lose the front of their prompts"),
            std::string::npos)
      << warning;
  // An answer that alone is too long is cut as ever.
  const Pair longer{"d:9", "abABCDEFGHIJKLMN", "abAB", "", 2, 2};
  const TokenisedPairs cut =
      tokenise_pairs(std::span(&longer, 1), PairsOfLetters(), 6, VoidPairsChoice::shorten);
  EXPECT_EQ(cut.void_pairs.cut, Places{0});
  EXPECT_EQ(cut.texts[0], without_first_letters("abABCDEFGH"));
}

TEST(VoidPairs, ManyPlacesAreNotAllNamed) {
  std::vector<Pair> pairs(7, {"d:1", "ab", "ab", "", 1, 1});
  const TokenisedPairs tokens = tokenise_pairs(pairs, PairsOfLetters(), 6);
  EXPECT_NE(void_pairs_warning(pairs, tokens.void_pairs, VoidPairsChoice::keep, 6)
                .find("7 of 7 pairs (d:1, d:1, d:1, d:1, d:1 ...) are two equal texts"),
            std::string::npos);
  EXPECT_EQ(parse_void_pairs_choice("shorten"), VoidPairsChoice::shorten);
  EXPECT_THROW(parse_void_pairs_choice("short"), UsageError);
}

}  // namespace
}  // namespace austeer
