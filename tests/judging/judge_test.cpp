// judge as a whole: two results in, one out, with a real HTTP server as the judge.

#include "judging/judge.hpp"

#include <csignal>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "judged_answers.hpp"
#include "runs/result.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::judged_item;

class JudgeRun : public testing::JudgedAnswers {
 protected:
  JudgeReport run(const std::string& behaviour) { return judge(options(behaviour)); }
};

TEST_F(JudgeRun, CountsWhatAFairJudgeSays) {
  write_answers({"bad", "bad", "better", "same", "bad", "poor"},
                {"better", "better!", "bad", "same", "poor", "better"});
  const JudgeReport report = run("fair");
  EXPECT_EQ(report.task, "bpo");
  EXPECT_EQ(report.items, 6);
  EXPECT_EQ(report.counts.wins, 3);
  EXPECT_EQ(report.counts.losses, 1);
  EXPECT_EQ(report.counts.ties, 2);
  EXPECT_EQ(report.counts.no_verdict, 0);
  EXPECT_EQ(report.questions.asked, 10) << "equal answers are not asked about";
  EXPECT_EQ(server.requests().size(), 10U);
  EXPECT_NEAR(report.counts.delta_win_rate().value(), 100.0 * 2 / 6, 1e-12);
  EXPECT_NEAR(report.p_value, 2.0 * (1 + 4) / 16, 1e-12);

  const Result result = read_result(report.result, "judge");
  EXPECT_EQ(result.document.at("outcome").at("wins"), 3);
  const Json& config = result.document.at("configuration");
  EXPECT_EQ(config.at("judge_model"), "test-judge");
  EXPECT_EQ(config.at("judge_prompt").at("sha256"), comparison_sha256());
  EXPECT_EQ(config.at("baseline").at("sha256"), sha256_file(folder / "baseline.json"));
  ASSERT_EQ(result.items.size(), 6U);
  EXPECT_EQ(to_text(result.items[0]), to_text({{"place", "test.jsonl:0"},
                                               {"prompt_sha256", sha256("Prompt 0")},
                                               {"identical", false},
                                               {"baseline_first", "B"},
                                               {"steered_first", "A"},
                                               {"outcome", "win"}}));
  EXPECT_EQ(result.items[3].at("outcome"), "tie");
  EXPECT_EQ(result.items[3].at("identical"), true);
}

TEST_F(JudgeRun, AskedOnceForAll) {
  write_answers({"bad", "x"}, {"better", "y"});
  EXPECT_EQ(run("fair").questions.asked, 4);
  const JudgeReport again = run("fair");
  EXPECT_EQ(again.questions.asked, 0);
  EXPECT_EQ(again.questions.known, 4);
  EXPECT_EQ(again.counts.wins, 1);
  JudgeOptions other = options("fair");
  other.chat.model = "another-judge";
  EXPECT_EQ(judge(other).questions.asked, 4) << "each judge has its own verdicts";
  EXPECT_EQ(server.requests().size(), 8U);
}

TEST_F(JudgeRun, TheSameQuestionTwiceIsAskedOnce) {
  std::vector<Json> baseline = {judged_item(1, "bad"), judged_item(1, "bad")};
  std::vector<Json> steered = {judged_item(1, "better"), judged_item(1, "better")};
  write_eval("baseline.json", baseline);
  write_eval("steered.json", steered);
  const JudgeReport report = run("fair");
  EXPECT_EQ(report.questions.asked, 2);
  EXPECT_EQ(report.counts.wins, 2);
}

TEST_F(JudgeRun, JudgesThatFavourAPlaceOrDecideNothing) {
  write_answers({"bad", "better"}, {"better", "bad"});
  EXPECT_EQ(run("first").counts.ties, 2);
  JudgeOptions other = options("undecided");
  other.chat.model = "undecided-judge";
  const JudgeReport report = judge(other);
  EXPECT_EQ(report.counts.no_verdict, 2);
  EXPECT_EQ(report.counts.delta_win_rate(), std::nullopt);
  EXPECT_EQ(report.p_value, 1.0);
  const Result result = read_result(report.result, "judge");
  EXPECT_TRUE(result.document.at("outcome").at("delta_win_rate").is_null());
  EXPECT_EQ(result.items[0].at("outcome"), "no verdict");
}

TEST_F(JudgeRun, AFailureKeepsTheAnswersAndTheNextRunGoesOn) {
  write_answers({"a", "b", "c"}, {"better", "better b", "better c"});
  JudgeOptions one_by_one = options("spent");
  one_by_one.parallel = 1;
  expect_refusal<FileError>([&] { judge(one_by_one); }, "HTTP status 402: no credit is left");
  EXPECT_FALSE(std::filesystem::exists(folder / "judge.json"));
  EXPECT_EQ(lines_of_cache(), 4U);
  expect_refusal<FileError>([&] { run("broken"); }, "HTTP status 500");
  const JudgeReport report = run("fair");
  EXPECT_EQ(report.questions.known, 4);
  EXPECT_EQ(report.questions.asked, 2);
  EXPECT_EQ(report.counts.wins, 3);
}

/// Runs judge in a process of its own and kills it once the server has seen `requests`.
template <typename Seen>
void run_and_kill(const JudgeOptions& options, const Seen& seen) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      judge(options);
    } catch (...) {
      ::_exit(99);
    }
    ::_exit(0);
  }
  int status = 0;
  while (!seen() && ::waitpid(child, &status, WNOHANG) == 0) ::usleep(1000);
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it had ended before the kill";
}

TEST_F(JudgeRun, KilledItGoesOnWithWhatIsMissing) {
  constexpr int items = 40;
  std::vector<std::string> baseline;
  std::vector<std::string> steered;
  for (int i = 0; i < items; ++i) {
    baseline.push_back(fmt::format("bad {}", i));
    steered.push_back(fmt::format("better {}", i));
  }
  write_answers(baseline, steered);
  const auto kill_after = [&](std::size_t answers) {
    run_and_kill(options("careful"), [&] { return lines_of_cache() >= answers; });
  };
  kill_after(1);
  kill_after(20);
  const std::size_t before = server.requests().size();
  JudgeOptions rest = options("careful");
  const JudgeReport report = judge(rest);
  EXPECT_EQ(report.questions.asked + report.questions.known, 2 * items);
  EXPECT_GE(report.questions.known, 20);
  EXPECT_GT(report.questions.asked, 0);
  EXPECT_EQ(server.requests().size() - before, static_cast<std::size_t>(report.questions.asked));
  EXPECT_EQ(report.counts.wins, items);
  std::set<std::string> questions;
  for (const std::string& line : server.requests()) {
    std::string digest = line.substr(0, line.rfind(' '));
    questions.insert(digest.substr(digest.rfind(' ') + 1));
  }
  EXPECT_EQ(questions.size(), 2U * items);
  EXPECT_LE(server.requests().size(), 2U * items + 2U * 3U)
      << "of each killed run, only the questions that were on their way are asked again";
}

TEST_F(JudgeRun, TheKeyLandsNowhere) {
  const testing::EnvironmentValue variable("JUDGE_TEST_KEY", "sk-0123456789");
  write_answers({"bad", "x"}, {"better", "y"});
  EXPECT_EQ(run("whispering").counts.wins, 1);
  for (const std::string& name : list_folder(folder.path())) {
    EXPECT_EQ(read_file(folder / name).find("0123456789"), std::string::npos) << name;
  }
  EXPECT_NE(read_file(folder / "answers.jsonl").find("Bearer [key]"), std::string::npos);
}

TEST_F(JudgeRun, ResultsOfOtherPromptsAreRefused) {
  const auto refused = [&](const std::string& message) {
    expect_refusal<FormatError>([&] { run("fair"); }, message);
  };
  write_eval("baseline.json", {judged_item(1, "a"), judged_item(2, "b")});
  write_eval("steered.json", {judged_item(1, "a")});
  refused("expected as many items in both; found 2 and 1");
  write_eval("steered.json", {judged_item(1, "a"), judged_item(3, "b")});
  refused("two prompts in line 2");
  write_eval("steered.json", {judged_item(1, "a"), judged_item(2, "b")}, "copa");
  refused("expected results of one task; found bpo and copa");
  Json without = judged_item(1, "a");
  without.erase("prompt");
  write_eval("steered.json", {without, judged_item(2, "b")});
  refused("the prompt is not recorded");
  Json another = judged_item(1, "a");
  another["prompt"] = "another";
  write_eval("steered.json", {another, judged_item(2, "b")});
  refused("the text with prompt_sha256 " + sha256("Prompt 1"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(JudgeRun, WhatIsNoResultOfEvalIsRefused) {
  write_answers({"a"}, {"b"});
  const auto refused = [&](const std::string& message) {
    expect_refusal<FormatError>([&] { run("fair"); }, message);
  };
  const std::string whole = read_file(folder / "steered.json");
  write_file(folder / "steered.jsonl", "");
  refused("the items that the result was written with");
  write_result(folder / "steered.json", "judge", Json::object(), Json::object(), Json::object(),
               {});
  refused("expected eval, a result of `austeer eval`");
  const auto with_items_file = [&](const std::string& name) {
    std::string text = whole;
    text.replace(text.find("steered.jsonl"), 13, name);
    write_file(folder / "steered.json", text);
  };
  with_items_file("../steered.jsonl");
  refused("the name of a file beside the result");
  with_items_file("none.jsonl");
  expect_refusal<FileError>([&] { run("fair"); }, "none.jsonl");
  write_file(folder / "steered.json", "{\"schema\": 2}");
  refused("'schema'");
  write_file(folder / "steered.json", "[]");
  refused("steered.json");
}

TEST_F(JudgeRun, OptionsThatCannotBeAreRefusedBeforeAnythingIsRead) {
  JudgeOptions wrong = options("fair");
  wrong.chat.model.clear();
  expect_refusal<UsageError>([&] { judge(wrong); }, "--judge-model is empty");
  wrong = options("fair");
  wrong.parallel = 0;
  expect_refusal<UsageError>([&] { judge(wrong); }, "--parallel must be from 1 to 64");
  wrong = options("fair");
  wrong.chat.endpoint = "file:///etc/passwd";
  expect_refusal<UsageError>([&] { judge(wrong); }, "without user name and query");
}

}  // namespace
}  // namespace austeer
