// judge --rate as a whole, with a real HTTP server as the judge, and the summary of its ratings.

#include "judging/rate.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "judged_answers.hpp"
#include "judging/judge.hpp"
#include "runs/result.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

class RateRun : public testing::JudgedAnswers {
 protected:
  RateReport run(const std::string& behaviour) { return rate(options(behaviour)); }
};

constexpr std::size_t quality = 0;
constexpr std::size_t alignment = 1;

TEST_F(RateRun, SumsUpWhatEveryRaterSays) {
  write_answers({"bad", "poor", "same"}, {"better", "poorer", "same"});
  const RateReport report = run("fair");
  EXPECT_EQ(report.task, "bpo");
  EXPECT_EQ(report.rated_by, "a model (test-judge), not by people");
  EXPECT_EQ(report.questions.asked, 3 * 5) << "equal answers are rated once";
  EXPECT_EQ(server.requests().size(), 15U);
  const RatingSummary& summary = report.summary;
  EXPECT_EQ(summary.items, 3);
  EXPECT_EQ(summary.rated, 3);
  ASSERT_EQ(summary.results.size(), 2U);
  // The editor rates a point lower in quality: (2 + 1 + 2) / 3, and 5, 4, 5 of the better one.
  EXPECT_NEAR(summary.results[0][quality].mean, 5.0 / 3, 1e-12);
  EXPECT_NEAR(summary.results[1][quality].mean, (14.0 + 5 + 5) / 9, 1e-12);
  EXPECT_NEAR(summary.results[1][quality].raters.at(1).mean, (4.0 + 1 + 1) / 3, 1e-12);
  EXPECT_EQ(summary.results[1][quality].raters.at(1).counts,
            (std::array<std::int64_t, 5>{2, 0, 0, 1, 0}));
  EXPECT_NEAR(summary.results[1][alignment].mean, (4.0 + 2 + 2) / 3, 1e-12);
  EXPECT_NEAR(summary.differences[quality].value().difference, 1.0, 1e-12);
  EXPECT_EQ(summary.differences[quality]->better, 1);
  EXPECT_EQ(summary.differences[quality]->worse, 0);
  EXPECT_EQ(summary.differences[alignment]->interval, (Interval{0, 2}));
  EXPECT_EQ(summary.agreement[alignment], 1.0);
  // Units: 2 1 2 four times ("bad", "poor", "poorer", "same", the latter once) and 5 4 5; each has
  // 2 (1 + 1) = 4 within, over 2; over all 15 ratings 15 x (sum of squares) - (sum)^2, twice.
  const double observed = 5 * 4.0 / 2 / 15;
  const double expected = 2 * (15 * (4 * 9.0 + 66) - 34.0 * 34) / (15 * 14);
  EXPECT_NEAR(summary.agreement[quality].value(), 1 - observed / expected, 1e-12);
}

TEST_F(RateRun, WritesAResultThatSaysWhoRated) {
  write_answers({"bad"}, {"better"});
  const RateReport report = run("fair");
  const Result result = read_result(report.result, "rate");
  EXPECT_EQ(to_text(result.document.at("outcome")), to_text(rate_outcome(report)));
  EXPECT_EQ(result.document.at("outcome").at("rated_by"), "a model (test-judge), not by people");
  EXPECT_EQ(result.document.at("outcome").at("difference").at("alignment").at("mean"), 2.0);
  const Json& config = result.document.at("configuration");
  EXPECT_EQ(config.at("judge_model"), "test-judge");
  EXPECT_EQ(config.at("judge_prompt").at("sha256"), rating_sha256());
  EXPECT_EQ(config.at("steered").at("sha256"), sha256_file(folder / "steered.json"));
  ASSERT_EQ(result.items.size(), 1U);
  EXPECT_EQ(result.items[0].at("baseline").at("editor").at("quality"), 1);
  EXPECT_EQ(result.items[0].at("steered").at("asker").at("alignment"), 4);
}

TEST_F(RateRun, OneResultAlone) {
  write_eval("baseline.json", {testing::judged_item(0, "bad"), testing::judged_item(1, "better")});
  JudgeOptions alone = options("fair");
  alone.steered.clear();
  const RateReport report = rate(alone);
  EXPECT_EQ(report.results, std::vector<std::string>{"baseline"});
  ASSERT_EQ(report.summary.results.size(), 1U);
  EXPECT_EQ(report.summary.results[0][alignment].mean, 3.0);
  EXPECT_EQ(report.questions.asked, 6);
  EXPECT_EQ(report.summary.differences[quality], std::nullopt);
  const Json outcome = rate_outcome(report);
  EXPECT_FALSE(outcome.contains("steered"));
  EXPECT_FALSE(outcome.contains("difference"));
}

TEST_F(RateRun, AFailureKeepsTheRatingsAndTheNextRunGoesOn) {
  write_answers({"bad"}, {"better"});
  JudgeOptions one_by_one = options("spent");
  one_by_one.parallel = 1;
  expect_refusal<FileError>([&] { rate(one_by_one); }, "HTTP status 402: no credit is left");
  EXPECT_FALSE(std::filesystem::exists(folder / "judge.json"));
  const RateReport report = run("fair");
  EXPECT_EQ(report.questions.known, 4);
  EXPECT_EQ(report.questions.asked, 2);
  EXPECT_EQ(run("broken").questions.asked, 0);
}

TEST_F(RateRun, AnswersWithoutARatingAreLeftOut) {
  write_answers({"bad"}, {"better"});
  const RateReport report = run("undecided");
  EXPECT_EQ(server.requests().size(), 12U) << "each question once more, and no more";
  EXPECT_EQ(report.summary.rated, 0);
  EXPECT_TRUE(report.summary.results.empty());
  EXPECT_TRUE(rate_outcome(report).at("baseline").is_null());
  EXPECT_TRUE(read_result(report.result, "rate").items[0].at("steered").at("asker").is_null());
  JudgeOptions again = options("hesitant");
  again.chat.model = "hesitant-judge";
  EXPECT_EQ(rate(again).summary.rated, 1) << "valid when it is asked again";
}

TEST_F(RateRun, ComparedAnswersAreNotTakenForRatings) {
  write_answers({"bad"}, {"better"});
  EXPECT_EQ(judge(options("fair")).questions.asked, 2);
  EXPECT_EQ(run("fair").questions.asked, 6) << "one file keeps both kinds";
}

TEST_F(RateRun, ResultsOfOtherPromptsAreRefused) {
  write_eval("baseline.json", {testing::judged_item(1, "a")});
  write_eval("steered.json", {testing::judged_item(2, "a")});
  expect_refusal<FormatError>([&] { run("fair"); }, "two prompts in line 1");
  EXPECT_TRUE(server.requests().empty());
}

/// Ratings of an item's answers, each by all raters alike.
ItemRatings alike(std::initializer_list<std::optional<Rating>> answers) {
  ItemRatings item;
  for (const auto& rating : answers) item.answers.emplace_back(raters().size(), rating);
  return item;
}

TEST(RatingSummaries, CountOnlyItemsThatEveryRaterRated) {
  std::vector<ItemRatings> items = {alike({Rating{5, 5}, Rating{1, 1}}),
                                    alike({Rating{1, 1}, Rating{1, 1}}),
                                    alike({Rating{3, 1}, std::nullopt})};
  items[1].answers[0].back().reset();
  const RatingSummary summary = summarise(items);
  EXPECT_EQ(summary.items, 3);
  EXPECT_EQ(summary.rated, 1);
  EXPECT_EQ(summary.results[0][quality].mean, 5.0);
  EXPECT_EQ(summary.differences[quality]->difference, -4.0);
  EXPECT_EQ(summary.differences[quality]->worse, 1);
}

}  // namespace
}  // namespace austeer
