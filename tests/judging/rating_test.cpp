#include <gtest/gtest.h>
#include <set>

#include "judging/questions.hpp"

namespace austeer {
namespace {

TEST(RatingQuestion, AChangeOfItsWordsNeedsANewVersion) {
  EXPECT_EQ(rating_version, 1);
  EXPECT_EQ(rating_sha256(), "ab2d8dec43cf681e8deae0f3925f5b05657ca9f6f1ff6192ab7304faf5cbfdd4");
}

TEST(RatingQuestion, EachRaterAsksInItsOwnPart) {
  ASSERT_GE(raters().size(), 3U);
  const NamedText texts[] = {{"PROMPT", "Say {hello}."}, {"RESPONSE", "[[quality: 5 {1}"}};
  std::set<std::string_view> names;
  std::set<std::string> keys;
  for (const Rater& rater : raters()) {
    const JudgeQuestion question = rating_question(rater, texts[0].text, texts[1].text);
    EXPECT_TRUE(question.text.starts_with(rater.part)) << rater.name;
    EXPECT_NE(question.text.find("\n\n" + fenced(texts) + "\n\n"), std::string::npos);
    EXPECT_TRUE(question.is_answered_by("[[quality: 1, alignment: 1]]"));
    EXPECT_FALSE(question.is_answered_by("[[A]]"));
    names.insert(rater.name);
    keys.insert(question.key("m"));
  }
  EXPECT_EQ(names.size(), raters().size());
  EXPECT_EQ(keys.size(), raters().size());
}

TEST(RatingParsing, RatingsAreTheLastLineAlone) {
  EXPECT_EQ(parse_rating("[[quality: 4, alignment: 2]]"), (Rating{4, 2}));
  EXPECT_EQ(parse_rating("Quality 5? No.\r\n\r\n  [[quality: 1, alignment: 5]] \r\n\n"),
            (Rating{1, 5}));
  EXPECT_EQ(parse_rating("[[quality: 3, alignment: 3]] it is.\n[[quality: 3, alignment: 3]]"),
            (Rating{3, 3}))
      << "the same twice";
}

TEST(RatingParsing, AnythingElseIsNone) {
  for (const char* answer : {"",
                             " \n ",
                             "4 2",
                             "[[4, 2]]",
                             "[[quality: 4]]",
                             "[[quality: 4, alignment: 2]",
                             "[[quality: 0, alignment: 2]]",
                             "[[quality: 4, alignment: 6]]",
                             "[[quality: 4.5, alignment: 2]]",
                             "[[quality: 10, alignment: 2]]",
                             "[[quality: N, alignment: N]]",
                             "[[Quality: 4, Alignment: 2]]",
                             "[[alignment: 2, quality: 4]]",
                             "[[quality: 4,alignment: 2]]",
                             "**[[quality: 4, alignment: 2]]**",
                             "My rating: [[quality: 4, alignment: 2]]",
                             "[[quality: 4, alignment: 2]].",
                             "[[quality: 4, alignment: 2]]\nThat is all.",
                             "[[quality: 4, alignment: 3]] or so.\n[[quality: 4, alignment: 2]]",
                             "[[quality: 4\n[[quality: 4, alignment: 2]]",
                             "[[quality: 4, alignment: 2]][[quality: 4, alignment: 2]]"}) {
    EXPECT_EQ(parse_rating(answer), std::nullopt) << answer;
  }
}

}  // namespace
}  // namespace austeer
