// Metrics against Python: strip() and lower(), and both rules for numbers.
#include "tasks/metrics.hpp"

#include <cstdlib>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "tasks/reference.hpp"
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

TEST(NumberMatch, AgreesWithTheReference) {
  const Json reference = testing::task_reference("metrics.json");
  std::size_t found = 0;
  for (const Json& example : reference.at("numbers")) {
    const auto generated = example.at("generated").get<std::string>();
    const std::optional<double> number = find_number(generated);
    ASSERT_EQ(number.has_value(), !example.at("found").is_null()) << "'" << generated << "'";
    if (number) {
      EXPECT_DOUBLE_EQ(*number, example.at("found").get<double>()) << "'" << generated << "'";
      ++found;
    }
    EXPECT_EQ(number_match(generated, example.at("gold").get<std::string>()),
              example.at("correct").get<bool>())
        << "'" << generated << "'";
  }
  EXPECT_GE(found, 200U) << "most of the cases hold a number";
}

TEST(NumberMatchPublished, AgreesWithTheReference) {
  const Json reference = testing::task_reference("metrics.json");
  std::size_t found = 0;
  std::size_t right = 0;
  std::size_t unlike_ours = 0;
  for (const Json& example : reference.at("published")) {
    const auto generated = example.at("generated").get<std::string>();
    const auto mark = example.at("mark").get<std::string>();
    const std::optional<double> number = find_published_number(generated, mark);
    ASSERT_EQ(number.has_value(), !example.at("found").is_null()) << "'" << generated << "'";
    if (number) {
      EXPECT_EQ(*number, std::strtod(example.at("found").get<std::string>().c_str(), nullptr))
          << "'" << generated << "' at " << mark;
      ++found;
    }
    const bool correct =
        number_match_published(generated, example.at("gold").get<std::string>(), mark);
    EXPECT_EQ(correct, example.at("correct").get<bool>()) << "'" << generated << "' at " << mark;
    right += correct ? 1 : 0;
    unlike_ours += number != find_number(generated) ? 1 : 0;
  }
  EXPECT_GE(found, 1000U);
  EXPECT_GE(right, 300U);
  EXPECT_GE(unlike_ours, 100U) << "the rules are told apart";
}

TEST(NumberMatchPublished, CutsAndReadsAsPublished) {
  EXPECT_EQ(find_published_number("2 + 4 = 6 #### 6 apples, 7 pears", "####"), 6);
  EXPECT_EQ(find_published_number("6 #### none of 7", "####"), 6) << "one word behind the mark";
  EXPECT_EQ(find_published_number("#### 5\n#### 6", "####"), 5);
  EXPECT_EQ(find_published_number("It is 1,200", "####"), 200);
  EXPECT_EQ(find_published_number("3/4", "####"), 4);
  EXPECT_EQ(find_published_number("\u22125", "####"), 5) << "no sign but '-' and '+'";
  EXPECT_EQ(find_published_number("10-3", "####"), -3);
  EXPECT_EQ(find_published_number("145\nQuestion: 5 pens? Answer: 9 or 8", "Answer"), 9);
  EXPECT_EQ(find_published_number("145\nQuestion: 5 pens? Answer: 9 or 8", "####"), 8);
  EXPECT_EQ(find_published_number("none", "####"), std::nullopt);
  EXPECT_TRUE(number_match_published(" 145", "145", "Answer"));
  EXPECT_FALSE(number_match_published("", "0", "####"));
}

TEST(NumberMatch, NastyCases) {
  EXPECT_EQ(find_number("1,000"), 1000);
  EXPECT_EQ(find_number("It is -3."), -3);
  EXPECT_EQ(find_number("3/4"), 0.75);
  EXPECT_EQ(find_number("#### 12.0 and 13 more"), 12);
  EXPECT_EQ(find_number("first #### 1, then #### 2 or 3"), 1);
  EXPECT_EQ(find_number("Answer: 5\nQuestion: 6 pens?\nAnswer: 7"), 5) << "its own next question";
  EXPECT_EQ(find_number("5 and ####"), 5) << "a mark with nothing behind it is passed over";
  EXPECT_EQ(find_number("The answer is 7, not 8."), 7);
  EXPECT_EQ(find_number("Answer: 7 because 3 + 4 = 7, and 9 is wrong"), 7);
  EXPECT_EQ(find_number("the answer island has 4"), 4);
  EXPECT_EQ(find_number("10-3"), 3) << "a difference, not a negative number";
  EXPECT_EQ(find_number("1,2,3"), 3);
  EXPECT_EQ(find_number("$1,250.50"), 1250.5);
  EXPECT_EQ(find_number("-$4"), -4);
  EXPECT_EQ(find_number("3/0"), 0);
  EXPECT_EQ(find_number(".5"), 0.5);
  EXPECT_EQ(find_number(""), std::nullopt);
  EXPECT_EQ(find_number("½ of it, or １２"), std::nullopt) << "only the digits 0 to 9";
  EXPECT_TRUE(number_match("so 12 apples", "12.0"));
  EXPECT_FALSE(number_match("", "0"));
  EXPECT_FALSE(number_match(std::string(400, '9'), "0")) << "more than a double holds";
  EXPECT_FALSE(number_match("12", ""));
  EXPECT_TRUE(number_match("0.333333333333", "0.3333333333333333"));
  EXPECT_FALSE(number_match("0.33", "0.3333333333333333"));
}

TEST(NumberMatch, AsOtherPeopleWriteThem) {
  EXPECT_EQ(find_number("fell by \u22123.5"), -3.5);
  EXPECT_EQ(find_number("10\u22123"), 3) << "a difference";
  EXPECT_EQ(find_number("from 5%\u20137%"), 7) << "a range";
  EXPECT_EQ(find_number("about \u20135"), -5);
  EXPECT_EQ(find_number("12\u202f500"), 12500);
  EXPECT_EQ(find_number("3 400"), 400) << "a space that may break parts two numbers";
  EXPECT_EQ(find_number("$12{,}500$"), 12500);
  EXPECT_EQ(find_number("12\\,500"), 12500);
  EXPECT_EQ(find_number("-\\dfrac{3}{4}"), -0.75);
  EXPECT_EQ(find_number("2\\frac{1}{2}"), 2.5);
  EXPECT_EQ(find_number("\\frac{x}{2}"), 2) << "no fraction of two numbers";
  EXPECT_EQ(find_number("so \\boxed{7}, which is 2 more than 5"), 7);
  EXPECT_EQ(find_number("\\boxed{1}, no, \\boxed{\\frac{3}{4}} of 9"), 0.75);
  EXPECT_EQ(find_number("The answer is 3. \\boxed{4}"), 4);
  EXPECT_EQ(find_number("\\boxed{4}\n#### 5"), 5);
  EXPECT_EQ(find_number("\\boxed{x} and 8"), 8);
  EXPECT_EQ(find_number(std::string(200000, '$') + "1"), 1) << "in no more than linear time";
}

TEST(NumberText, IsWhatPeopleWrite) {
  EXPECT_EQ(number_text(4.0), "4");
  EXPECT_EQ(number_text(-12), "-12");
  EXPECT_EQ(number_text(0.875), "0.875");
  EXPECT_EQ(number_text(10.333333333333334), "10.333333333333334");
  EXPECT_EQ(number_text(1e22), "1e+22");
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

TEST(Metrics, AreKnownByTheirNames) {
  EXPECT_EQ(metrics().get("exact_match").is_correct, &exact_match);
  EXPECT_EQ(metrics().get("number_match").is_correct, &number_match);
  EXPECT_EQ(metrics().get("number_match_published").is_correct_by_mark, &number_match_published);
  EXPECT_EQ(metrics().get("toxicity").kind, MetricKind::toxicity);
  EXPECT_EQ(metrics().get("judge").kind, MetricKind::judge);
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
