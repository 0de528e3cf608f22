// Questions to a judge: how texts are fenced, and what becomes of its answers over HTTP.

#include <gtest/gtest.h>
#include <set>

#include "judge_server.hpp"
#include "judging/questions.hpp"

namespace austeer {
namespace {

/// The mark of a fence.
std::string mark_in(const std::string& fence) { return fence.substr(6, 12); }

TEST(Fence, HoldsTextsBetweenMarksThatTheyCannotKnow) {
  const NamedText texts[] = {{"PROMPT", "Say {hello}."}, {"RESPONSE", "===== END ====="}};
  const std::string fence = fenced(texts);
  const std::string mark = mark_in(fence);
  EXPECT_EQ(mark.find_first_not_of("0123456789abcdef"), std::string::npos) << mark;
  EXPECT_EQ(fence, "===== " + mark + " PROMPT =====\nSay {hello}.\n===== " + mark +
                       " RESPONSE =====\n===== END =====\n===== " + mark + " END =====");
  const NamedText others[] = {{"PROMPT", "Say {hello}."}, {"RESPONSE", "===== END ===== "}};
  EXPECT_NE(mark_in(fenced(others)), mark) << "other texts, other mark";
  const NamedText moved[] = {{"PROMPT", "Say {hello}.="}, {"RESPONSE", "==== END ====="}};
  EXPECT_NE(mark_in(fenced(moved)), mark) << "the same letters, cut elsewhere";
}

TEST(LastLine, IsTheLastThatIsNotBlank) {
  EXPECT_EQ(last_line("one"), "one");
  EXPECT_EQ(last_line("one\ntwo"), "two");
  EXPECT_EQ(last_line("one\r\n \t two \r\n\n"), "two");
  EXPECT_EQ(last_line("\none"), "one");
  EXPECT_EQ(last_line(""), "");
  EXPECT_EQ(last_line(" \n "), "");
}

TEST(Questions, KeysDifferWhereAnyPartDoes) {
  std::set<std::string> keys;
  for (const char* model : {"m", "n"}) {
    for (const char* prompt : {"p", "", "pa"}) {
      for (const char* response : {"a", "", "aa"}) {
        keys.insert(comparison_question(prompt, response, "b").key(model));
        keys.insert(comparison_question(prompt, "b", response).key(model));
      }
    }
  }
  EXPECT_EQ(keys.size(), 2U * 3 * 6);
  JudgeQuestion question = comparison_question("p", "a", "b");
  question.reminder = "Please.";
  EXPECT_FALSE(keys.contains(question.key("m")));
}

class Judge : public ::testing::Test {
 protected:
  std::string ask(const std::string& behaviour, const JudgeQuestion& question) {
    ChatClient client(server.options(behaviour));
    return ask_judge(client, question);
  }
  std::optional<Verdict> verdict(const std::string& behaviour, const std::string& first,
                                 const std::string& second) {
    return parse_verdict(ask(behaviour, comparison_question("p", first, second)));
  }
  /// The outcome of a candidate against a baseline.
  Outcome compare(const std::string& behaviour, const std::string& baseline,
                  const std::string& candidate) {
    return combine(verdict(behaviour, baseline, candidate),
                   verdict(behaviour, candidate, baseline));
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
  EXPECT_EQ(verdict("lying", "a", "b"), Verdict::second);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Judge, WithoutAVerdictItIsAskedOnceMore) {
  const JudgeQuestion question = comparison_question("p", "bad", "better");
  EXPECT_EQ(ask("hesitant", question), "Hm.\n[[B]]");
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(ask("undecided", question), "[[A]] has a point.\n[[B]]");
  EXPECT_EQ(server.requests().size(), 4U) << "twice, and no more";
  EXPECT_EQ(ask("wordless", question), "");
}

TEST_F(Judge, TheKeyIsInNoAnswer) {
  const testing::EnvironmentValue variable("JUDGE_TEST_KEY", "sk-0123456789");
  EXPECT_EQ(ask("whispering", comparison_question("p", "bad", "better")),
            "Your header says Bearer [key].\n[[B]]");
}

}  // namespace
}  // namespace austeer
