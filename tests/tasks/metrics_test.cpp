// Metrics against Python's strip() and lower().
#include "tasks/metrics.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "tasks/reference.hpp"
#include "tasks/strip.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

TEST(ExactMatch, AgreesWithPython) {
  const Json reference = testing::task_reference("metrics.json");
  std::size_t right = 0;
  for (const Json& example : reference.at("cases")) {
    const auto generated = example.at("generated").get<std::string>();
    const auto gold = example.at("gold").get<std::string>();
    EXPECT_EQ(exact_match(generated, gold), example.at("correct").get<bool>())
        << example.dump() << " '" << generated << "' against '" << gold << "'";
    right += example.at("correct").get<bool>() ? 1 : 0;
  }
  EXPECT_GT(right, reference.at("spaces").get<std::size_t>()) << "every white space was tried";
}

TEST(ExactMatch, NastyCases) {
  EXPECT_TRUE(exact_match(" Yes\n", " yes"));
  EXPECT_TRUE(exact_match("\u00a0\u3000yes\u2028", "YES"));
  EXPECT_TRUE(exact_match("", " \n"));
  EXPECT_FALSE(exact_match("", "yes"));
  EXPECT_FALSE(exact_match("yes yes", "yes"));
  EXPECT_FALSE(exact_match("y", "yes"));
  EXPECT_FALSE(exact_match("yes.", "yes"));
  EXPECT_FALSE(exact_match("\u200byes", "yes")) << "a zero-width space is no white space";
  EXPECT_FALSE(exact_match("\u00c9", "\u00e9")) << "only ASCII letters lose their case";
  EXPECT_FALSE(exact_match("@[`{", "`{@["));
  EXPECT_FALSE(exact_match("\x80\xa0", "")) << "half a character is no white space";
  EXPECT_TRUE(exact_match("\xe2\x80", "\xe2\x80"));
}

TEST(ExactMatch, IsKnownByItsName) {
  EXPECT_EQ(metrics().get("exact_match"), &exact_match);
  testing::expect_refusal<UsageError>([] { metrics().get("exact-match"); },
                                      "did you mean 'exact_match'?");
}

TEST(Stripped, OnlyTheEnds) {
  EXPECT_EQ(stripped(" \t a b \n"), "a b");
  EXPECT_EQ(stripped(" \n\u2003"), "");
  EXPECT_EQ(stripped("à"), "à") << "its last byte is that of a no-break space";
}

}  // namespace
}  // namespace austeer
