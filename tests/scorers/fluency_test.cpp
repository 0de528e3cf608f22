// Words and entropies equal to NLTK's, over awkward texts.

#include <cmath>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "scorers/words.hpp"

namespace austeer {
namespace {

using Words = std::vector<std::string>;

Json reference_cases() {
  const auto file = std::filesystem::path(AUSTEER_REFERENCE_DIR) / "fluency.json";
  if (!std::filesystem::exists(file)) {
    throw std::runtime_error(file.string() + " is missing: run tests/prepare_reference.sh");
  }
  return read_json(file);
}

TEST(Fluency, WordsAndEntropiesAreNltks) {
  const Json cases = reference_cases();
  ASSERT_GT(cases.size(), 3000U);
  for (const Json& one : cases) {
    const auto text = one.at("text").get<std::string>();
    EXPECT_EQ(treebank_words(text), one.at("as_one").get<Words>()) << text;
    const std::vector<std::string_view> found = sentences(text);
    EXPECT_EQ(Words(found.begin(), found.end()), one.at("sentences").get<Words>()) << text;
    EXPECT_EQ(words(text), one.at("words").get<Words>()) << text;
    EXPECT_NEAR(ngram_entropy(text), one.at("entropy").get<double>(), 1e-12) << text;
  }
}

TEST(Fluency, OfHandMadeTexts) {
  EXPECT_EQ(ngram_entropy(""), 0.0);
  EXPECT_EQ(ngram_entropy("one"), 0.0);
  EXPECT_EQ(ngram_entropy("one two three"), (2.0 / 3.0 * 1.0 + 0.0) / 2.0);
  EXPECT_EQ(ngram_entropy("a a a a a a a a a"), 0.0) << "one pair and one triple, again and again";
  // Four pairs and three triples, all different.
  EXPECT_NEAR(ngram_entropy("a b c d e"), (2.0 / 3.0 * 2.0 + 4.0 / 3.0 * std::log2(3.0)) / 2.0,
              1e-15);
}

TEST(Fluency, BytesThatAreNoTextAreStillCounted) {
  EXPECT_EQ(words("a \xff\xfe b"), (Words{"a", "\uFFFD\uFFFD", "b"}));
  EXPECT_EQ(words(std::string_view("a\0b c", 5)), (Words{std::string("a\0b", 3), "c"}));
}

TEST(Fluency, LongRunsOfOneCharacterStayWithinTheLimitOfSteps) {
  for (const std::string piece :
       {".", ")", "'", "\"", "`", " ", ". ", ".)", "' ", "-", ":", "a."}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    EXPECT_GE(ngram_entropy(text), 0.0) << piece;
  }
}

}  // namespace
}  // namespace austeer
