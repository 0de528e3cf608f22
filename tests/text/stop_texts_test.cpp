// Answers that end at a text: with a tokenizer whose tokens are any bytes, so that stop texts lie
// in the middle of tokens, over several, and next to halves of characters.
#include "text/stop_texts.hpp"

#include <gtest/gtest.h>
#include <random>

#include "base/utf8.hpp"

namespace austeer {
namespace {

/// Token i is the i-th piece; an empty one is a special token. Counts what it decodes.
class Pieces : public Tokenizer {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  std::string decode(std::span<const TokenId> ids) const override {
    std::string bytes;
    for (const TokenId id : ids) bytes += pieces_.at(static_cast<std::size_t>(id));
    decoded += ids.size();
    return repair_utf8(bytes);
  }
  std::int64_t size() const override { return std::ssize(pieces_); }
  std::optional<TokenId> find(std::string_view) const override { return std::nullopt; }
  std::string fingerprint() const override { return ""; }

  mutable std::size_t decoded = 0;

 private:
  std::vector<TokenId> encode_text(std::string_view) const override { return {}; }

  std::vector<std::string> pieces_;
};

using Ids = std::vector<TokenId>;

/// The number of tokens after which `stop` is reached, asked after each of them; 0: never.
std::size_t reached_after(const StopTexts& stop, const Ids& tokens) {
  for (std::size_t n = 1; n <= tokens.size(); ++n) {
    if (stop.reached(std::span(tokens).first(n))) return n;
  }
  return 0;
}

void expect_ending(const StopTexts& stop, const Ids& tokens, const std::string& text,
                   const Ids& kept) {
  const auto [found, found_tokens] = stop.ending(tokens);
  EXPECT_EQ(found, text);
  EXPECT_EQ(found_tokens, kept);
}

TEST(StopTexts, WhereverTheyLie) {
  const Pieces pieces({"mice", "\n", "a\nb", "Que", "stion:", "", "x Question: y", "Quest"});
  const StopTexts stop({"\n", "Question:"}, pieces);
  EXPECT_EQ(reached_after(stop, {0, 1}), 2U);
  expect_ending(stop, {0, 1}, "mice", {0});
  expect_ending(stop, {0, 2, 0}, "micea", {0, 2});  // the token that has the answer's end stays
  EXPECT_EQ(reached_after(stop, {0, 3, 4}), 3U);
  expect_ending(stop, {0, 3, 4}, "mice", {0});
  expect_ending(stop, {0, 3, 5, 4}, "mice", {0});  // a special token has no text
  expect_ending(stop, {6, 1}, "x ", {6});          // the first of them
  EXPECT_EQ(reached_after(stop, {0, 7, 0}), 0U);
  expect_ending(stop, {0, 7, 0}, "miceQuestmice", {0, 7, 0});
  expect_ending(stop, {1, 0}, "", {});
  expect_ending(StopTexts({}, pieces), {1, 0}, "\nmice", {1, 0});
  EXPECT_FALSE(StopTexts({""}, pieces).reached(Ids{0}));
}

TEST(StopTexts, CharactersThatLieInSeveralTokens) {
  const Pieces pieces({"\xe2", "\x80", "\xa8", "a", "\xc3", "\xa9"});
  const StopTexts stop({"\u2028"}, pieces);
  EXPECT_EQ(reached_after(stop, {3, 0, 1}), 0U) << "half a character is none";
  EXPECT_EQ(reached_after(stop, {3, 0, 1, 2}), 4U);
  expect_ending(stop, {3, 0, 1, 2}, "a", {3});
  expect_ending(stop, {4, 5, 0, 1, 2, 3}, "\u00e9", {4, 5});
}

TEST(StopTexts, AgreesWithTheWholeTextForRandomTokens) {
  const Pieces pieces({"a", "b", "ab", "ba", "bab", "\xc3", "\xa9", "", "c"});
  const std::vector<std::string> texts = {"abba", "\u00e9a", "ccc"};
  const StopTexts stop(texts, pieces);
  std::mt19937 random(7);
  std::uniform_int_distribution<TokenId> any(0, 8);
  int stopped = 0;
  for (int i = 0; i < 500; ++i) {
    Ids tokens(30);
    for (TokenId& token : tokens) token = any(random);
    const std::string whole = pieces.decode(tokens);
    std::size_t first = std::string::npos;
    for (const std::string& text : texts) first = std::min(first, whole.find(text));
    const auto [text, kept] = stop.ending(tokens);
    EXPECT_EQ(text, whole.substr(0, first));
    const std::size_t after = reached_after(stop, tokens);
    EXPECT_EQ(after > 0, first != std::string::npos) << whole;
    if (after == 0) continue;
    ++stopped;
    EXPECT_EQ(
        stop.ending({tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(after)}).text,
        text);
    EXPECT_LE(kept.size(), after);
  }
  EXPECT_GT(stopped, 100);
}

TEST(StopTexts, TheWorkPerTokenDoesNotGrow) {
  const Pieces pieces({"a"});
  const StopTexts stop({"Question:"}, pieces);
  const Ids tokens(4000, 0);
  EXPECT_EQ(reached_after(stop, tokens), 0U);
  EXPECT_LE(pieces.decoded, tokens.size() * 16);
}

}  // namespace
}  // namespace austeer
