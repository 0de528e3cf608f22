#include <gtest/gtest.h>

#include "judging/questions.hpp"

namespace austeer {
namespace {

TEST(Comparison, AChangeOfItsWordsNeedsANewVersion) {
  EXPECT_EQ(comparison_version, 1);
  EXPECT_EQ(comparison_sha256(),
            "ee9d7baee05f7605d1621eb575d70376f222af3b6e5a32a607cd881742f86e78");
}

TEST(Comparison, ShowsThePromptAndBothResponses) {
  const JudgeQuestion question = comparison_question("Say {hello}.", "[[A]] {0}", "b");
  const NamedText texts[] = {
      {"PROMPT", "Say {hello}."}, {"RESPONSE A", "[[A]] {0}"}, {"RESPONSE B", "b"}};
  EXPECT_NE(question.text.find("\n\n" + fenced(texts) + "\n\n"), std::string::npos);
  EXPECT_TRUE(question.is_answered_by("[[A]]"));
  EXPECT_FALSE(question.is_answered_by("A"));
}

TEST(Comparison, VerdictsAreTheLastLineAlone) {
  EXPECT_EQ(parse_verdict("[[A]]"), Verdict::first);
  EXPECT_EQ(parse_verdict("A is longer, but B is right.\n[[B]]"), Verdict::second);
  EXPECT_EQ(parse_verdict("Both fail.\r\n\r\n  [[C]] \r\n\n"), Verdict::tie);
  EXPECT_EQ(parse_verdict("Response A wins, A is best.\n[[B]]"), Verdict::second);
  EXPECT_EQ(parse_verdict("I say [[B]].\n[[B]]"), Verdict::second) << "the same twice";
}

TEST(Comparison, AnythingElseIsNoVerdict) {
  for (const char* answer :
       {"", " \n ", "A", "[[A]", "[A]", "[[a]]", "[[D]]", "[[A]].", "**[[A]]**", "Verdict: [[A]]",
        "[[A]] is better", "[[A]]\nThat is my verdict.", "[[A]][[A]]", "[[A]] [[B]]",
        "[[A]]\n[[B]]", "Between [[A]] and [[B]]:\n[[A]]", "[[C]]?\n[[A]]", "[[ A ]]"}) {
    EXPECT_EQ(parse_verdict(answer), std::nullopt) << answer;
  }
}

TEST(Comparison, LettersOfVerdicts) {
  EXPECT_EQ(verdict_letter(Verdict::first), "A");
  EXPECT_EQ(verdict_letter(Verdict::second), "B");
  EXPECT_EQ(verdict_letter(Verdict::tie), "C");
  EXPECT_EQ(verdict_letter(std::nullopt), "");
}

TEST(Outcomes, OfAllPairsOfVerdicts) {
  const auto a = Verdict::first;
  const auto b = Verdict::second;
  const auto c = Verdict::tie;
  EXPECT_EQ(combine(b, a), Outcome::win);
  EXPECT_EQ(combine(a, b), Outcome::loss);
  for (const auto& [one, other] :
       {std::pair{a, a}, {b, b}, {c, c}, {a, c}, {c, a}, {b, c}, {c, b}}) {
    EXPECT_EQ(combine(one, other), Outcome::tie);
  }
  for (const Verdict verdict : {a, b, c}) {
    EXPECT_EQ(combine(verdict, std::nullopt), Outcome::no_verdict);
    EXPECT_EQ(combine(std::nullopt, verdict), Outcome::no_verdict);
  }
  EXPECT_EQ(combine(std::nullopt, std::nullopt), Outcome::no_verdict);
}

TEST(Outcomes, TheRateIsOfItemsWithAVerdict) {
  OutcomeCounts counts;
  EXPECT_EQ(counts.delta_win_rate(), std::nullopt);
  counts.add(Outcome::no_verdict);
  EXPECT_EQ(counts.delta_win_rate(), std::nullopt);
  for (int i = 0; i < 5; ++i) counts.add(Outcome::win);
  for (int i = 0; i < 2; ++i) counts.add(Outcome::loss);
  counts.add(Outcome::tie);
  EXPECT_EQ(counts.judged(), 8);
  EXPECT_EQ(counts.no_verdict, 1);
  EXPECT_EQ(counts.delta_win_rate(), 37.5);
  EXPECT_EQ(outcome_name(Outcome::no_verdict), "no verdict");
}

}  // namespace
}  // namespace austeer
