// Words and hashed n-grams against tests/reference/scorers.py, and by hand.

#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scorer_reference.hpp"
#include "scorers/words.hpp"

namespace austeer {
namespace {

using Words = std::vector<std::string>;

std::string hex(const std::string& bytes) {
  std::string digits;
  for (const char byte : bytes) digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return digits;
}

TEST(NgramFeatures, EqualReference) {
  const Json cases = testing::scorer_reference("ngrams.json");
  ASSERT_GE(cases.size(), 12U);
  for (const Json& one : cases) {
    const auto text = one.at("text").get<std::string>();
    Words words = ngram_words(text);
    for (std::string& word : words) word = hex(word);
    EXPECT_EQ(words, one.at("words").get<Words>()) << text;
    const std::vector<SparseElement> found = ngram_features(text);
    const Json& expected = one.at("ngrams");
    ASSERT_EQ(found.size(), expected.size()) << text;
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].column, expected[i][0].get<std::uint32_t>()) << text << ", element " << i;
      EXPECT_FLOAT_EQ(found[i].value, expected[i][1].get<float>()) << text << ", element " << i;
    }
  }
}

TEST(NgramFeatures, KeepsWhatStandsInForLetters) {
  EXPECT_EQ(ngram_words("F**L! \"sh@me\", 'twas-so (id!ot)."),
            (Words{"f**l", "sh@me", "twas-so", "id!ot"}));
  EXPECT_EQ(ngram_words(" !- ' "), Words{});
}

TEST(NgramFeatures, HaveLengthOneAndOrder) {
  const std::vector<SparseElement> features = ngram_features("banana bandana, the banana");
  double squares = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    squares += std::pow(features[i].value, 2);
    EXPECT_LT(features[i].column, ngram_buckets);
    if (i > 0) {
      EXPECT_LT(features[i - 1].column, features[i].column);
    }
  }
  EXPECT_NEAR(squares, 1, 1e-6);
  EXPECT_TRUE(ngram_features("").empty());
}

}  // namespace
}  // namespace austeer
