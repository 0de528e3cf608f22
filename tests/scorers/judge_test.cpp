// A judge asked over HTTP: what becomes of its answers.

#include "scorers/judge.hpp"

#include <gtest/gtest.h>

#include "judge_server.hpp"

namespace austeer {
namespace {

class Judge : public ::testing::Test {
 protected:
  Judgement ask(const std::string& behaviour, const JudgeQuestion& question) {
    ChatClient client(server.options(behaviour));
    return ask_judge(client, question);
  }
  /// The outcome of "better" as candidate against "bad", or of another candidate.
  Outcome compare(const std::string& behaviour, const std::string& baseline,
                  const std::string& candidate) {
    return combine(ask(behaviour, {"p", baseline, candidate}).verdict,
                   ask(behaviour, {"p", candidate, baseline}).verdict);
  }

  testing::JudgeServer server;
};

TEST_F(Judge, AFairOneSeesTheBetterInBothOrders) {
  EXPECT_EQ(compare("fair", "bad", "better"), Outcome::win);
  EXPECT_EQ(compare("fair", "better", "bad"), Outcome::loss);
  EXPECT_EQ(compare("fair", "bad", "as bad"), Outcome::tie);
}

TEST_F(Judge, OneThatFavoursAPlaceTiesEverything) {
  EXPECT_EQ(compare("first", "bad", "better"), Outcome::tie);
  EXPECT_EQ(compare("first", "better", "bad"), Outcome::tie);
}

TEST_F(Judge, WordsAroundTheVerdictDoNotCount) {
  EXPECT_EQ(ask("lying", {"p", "a", "b"}).verdict, Verdict::second);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Judge, WithoutAVerdictItIsAskedOnceMore) {
  const Judgement hesitant = ask("hesitant", {"p", "bad", "better"});
  EXPECT_EQ(hesitant.verdict, Verdict::second);
  EXPECT_EQ(hesitant.answer, "Hm.\n[[B]]");
  EXPECT_EQ(server.requests().size(), 2U);
  const Judgement undecided = ask("undecided", {"p", "bad", "better"});
  EXPECT_EQ(undecided.verdict, std::nullopt);
  EXPECT_EQ(undecided.answer, "[[A]] has a point.\n[[B]]");
  EXPECT_EQ(server.requests().size(), 4U) << "twice, and no more";
  EXPECT_EQ(ask("wordless", {"p", "bad", "better"}).verdict, std::nullopt);
}

TEST_F(Judge, TheKeyIsInNoAnswer) {
  const testing::EnvironmentValue variable("JUDGE_TEST_KEY", "sk-0123456789");
  const Judgement judgement = ask("whispering", {"p", "bad", "better"});
  EXPECT_EQ(judgement.verdict, Verdict::second);
  EXPECT_EQ(judgement.answer, "Your header says Bearer [key].\n[[B]]");
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
