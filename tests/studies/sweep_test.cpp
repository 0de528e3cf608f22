// Sweeps of a tiny study: what is run once, what is chosen, and how entries are parted.
#include "studies/sweep.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "base/error.hpp"
#include "studies/tiny_study.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

class SweepOf : public ::testing::Test {
 protected:
  static EntryOutcome outcome_of(const Study& study, const StudyFolder& folder, std::size_t entry) {
    return read_outcome(folder, study, entries_of(study).at(entry)).value();
  }

  static double score_of(const StudyFolder& folder, const std::string& cell) {
    return read_cell(folder, cell).value().accuracy();
  }

  const testing::TinyStudy made_{};
  const std::string usual_ = std::string(testing::tiny_tasks) + testing::tiny_methods;
};

TEST_F(SweepOf, RunsEachCellOnceAndNothingAgain) {
  const Study study = made_.read(usual_ + "seeds: [4, 9]\n");
  const StudyFolder folder = made_.results();
  const SweepReport report = sweep(study, folder, {});
  EXPECT_EQ(report.entries, 4);
  // Of each task: the unsteered model, two variants on dev items, the chosen one, two controls.
  EXPECT_EQ(report.ran, 2 * (1 + 2 + 1 + 2));
  EXPECT_EQ(report.failed, 0);
  const auto bytes = testing::study_bytes(folder);
  const SweepReport again = sweep(study, folder, {});
  EXPECT_EQ(again.entries, 4);
  EXPECT_EQ(again.ran, 0);
  EXPECT_EQ(testing::study_bytes(folder), bytes);

  const EntryOutcome outcome = outcome_of(study, folder, 1);
  ASSERT_EQ(outcome.tests.size(), 3U);
  EXPECT_EQ(outcome.tests[0].control, "");
  EXPECT_FALSE(outcome.tests[0].seed);
  for (const std::size_t i : {1U, 2U}) {
    EXPECT_EQ(outcome.tests[i].control, "random");
    EXPECT_EQ(outcome.tests[i].seed, study.seeds[i - 1]);
  }
  EXPECT_TRUE(std::filesystem::exists(folder.ranking(outcome.ranking)));
  EXPECT_EQ(outcome.pairs.value().left, 8);
}

TEST_F(SweepOf, WhatIsLostIsMadeAgainWithTheSameBytes) {
  const Study study = made_.read(usual_ + "seeds: [4]\n");
  const StudyFolder folder = made_.results();
  sweep(study, folder, {});
  const auto bytes = testing::study_bytes(folder);
  const EntryOutcome outcome = outcome_of(study, folder, 1);
  std::filesystem::remove(folder.cell(outcome.choice[0].cells[0]));
  std::filesystem::remove(folder.outcome(outcome_key(study, entries_of(study)[1])));
  EXPECT_EQ(sweep(study, folder, {}).ran, 1);
  EXPECT_EQ(testing::study_bytes(folder), bytes);
  for (const char* name : {"rankings", "caches", "cells"}) {
    std::filesystem::remove_all(folder.root() / name);
  }
  EXPECT_EQ(sweep(study, folder, {}).ran, 2 * (1 + 2 + 1 + 1));
  EXPECT_EQ(testing::study_bytes(folder), bytes);
}

TEST_F(SweepOf, TheBestOfTheChoiceIsTested) {
  for (const std::string select : {"dev", "test", "race"}) {
    const Study study = made_.read(usual_ + "seeds: [4]\nselect: " + select + "\n");
    const StudyFolder folder = made_.results(select);
    sweep(study, folder, {});
    for (const std::size_t entry : {1U, 3U}) {
      const EntryOutcome outcome = outcome_of(study, folder, entry);
      ASSERT_EQ(outcome.choice.size(), 2U);
      std::vector<double> means;
      for (const VariantOutcome& variant : outcome.choice) {
        ASSERT_EQ(variant.cells.size(), 1U);
        means.push_back(score_of(folder, variant.cells[0]));
        EXPECT_EQ(variant.mean, means.back());
      }
      const auto best = static_cast<std::size_t>(std::ranges::max_element(means) - means.begin());
      EXPECT_EQ(outcome.chosen, best) << select;
      EXPECT_EQ(outcome.tests.at(0).variant, best);
      const bool on_test = outcome.tests[0].cell == outcome.choice[best].cells[0];
      EXPECT_EQ(on_test, select == "test");
      const std::int64_t items = select != "test" ? 4 : entry == 1 ? 7 : 3;
      EXPECT_EQ(outcome.evaluations, 2 * items);
    }
  }
}

TEST_F(SweepOf, AVariantThatFailsIsRecordedAndNotChosen) {
  const auto swept = [&](const std::string& alphas, const std::string& folder_name) {
    const Study study = made_.read(
        "tasks: {chosen: {task: choice.yaml, pairs: 8, dev_items: 4, scoring: choices}}\n"
        "run: {dtype: float16}\n"
        "methods: {A: {rank: {site: ffn}, plan: {k: 192, alpha: " +
        alphas + "}}}\n");
    const StudyFolder folder = made_.results(folder_name);
    const SweepReport report = sweep(study, folder, {});
    return std::pair(report, outcome_of(study, folder, 1));
  };
  const auto [report, outcome] = swept("[10000000, 1]", "one");
  EXPECT_EQ(report.failed, 1);
  EXPECT_NE(outcome.choice.at(0).failed.find("NaN or infinite"), std::string::npos);
  EXPECT_EQ(outcome.choice[0].items, 0);
  EXPECT_EQ(outcome.choice.at(1).failed, "");
  EXPECT_EQ(outcome.chosen, 1U);
  ASSERT_EQ(outcome.tests.size(), 1U);
  EXPECT_EQ(outcome.tests[0].variant, 1U);

  const auto [all, none] = swept("[10000000, 20000000]", "all");
  EXPECT_EQ(all.failed, 2);
  EXPECT_EQ(none.chosen, std::nullopt);
  EXPECT_TRUE(none.tests.empty());
  EXPECT_EQ(none.ranking, "");
}

TEST_F(SweepOf, WhatIsDrawnIsDrawnForEachSeed) {
  const Study study = made_.read(
      "tasks: {chosen: {task: choice.yaml, pairs: 8, dev_items: 4, scoring: choices}}\n"
      "select: none\nseeds: [4, 9, 11]\n"
      "methods: {R: {rank: {site: ffn, set: {score: random}}, plan: {k: [2, 3]}}}\n");
  const StudyFolder folder = made_.results();
  EXPECT_EQ(sweep(study, folder, {}).ran, 1 + 2 * 3);
  const EntryOutcome outcome = outcome_of(study, folder, 1);
  EXPECT_TRUE(outcome.tests.empty());
  for (const VariantOutcome& variant : outcome.choice) {
    EXPECT_EQ(variant.draws, 3U);
    const std::set<std::string> cells(variant.cells.begin(), variant.cells.end());
    EXPECT_EQ(cells.size(), 3U);
    double mean = 0;
    for (const std::string& cell : cells) mean += score_of(folder, cell) / 3;
    EXPECT_NEAR(variant.mean, mean, 1e-12) << "summed in another order";
  }
}

TEST_F(SweepOf, ShardsMakeTheWhole) {
  const Study study = made_.read(usual_ + "seeds: [4]\n");
  const StudyFolder whole = made_.results("whole"), parts = made_.results("parts");
  const std::int64_t ran = sweep(study, whole, {}).ran;
  std::int64_t entries = 0, ran_in_parts = 0;
  for (const std::int64_t index : {3, 1, 2}) {
    const SweepReport report = sweep(study, parts, {index, 3});
    entries += report.entries;
    ran_in_parts += report.ran;
  }
  EXPECT_EQ(entries, 4);
  EXPECT_EQ(ran_in_parts, ran);
  EXPECT_EQ(testing::study_bytes(parts), testing::study_bytes(whole));
}

TEST(ShardText, IsTwoWholeNumbersTheFirstAtMostTheSecond) {
  EXPECT_EQ(parse_shard("2/8").index, 2);
  EXPECT_EQ(parse_shard("2/8").count, 8);
  for (const char* text : {"", "2", "/", "0/3", "4/3", "-1/3", "1/0", "1/3x", " 1/3", "1/2/3",
                           "1.0/3", "99999999999999999999/3"}) {
    expect_refusal<UsageError>([&] { parse_shard(text); }, "with I from 1 to N, such as 2/8");
  }
}

TEST(SlurmScript, QuotesEveryWordForTheShell) {
  const std::string script =
      slurm_script({{"/a b/austeer", "sweep", "it's.yaml", "$HOME"}, 5, {}, {}});
  EXPECT_TRUE(script.starts_with("#!/bin/bash\n"));
  EXPECT_NE(script.find("exec '/a b/austeer' 'sweep' 'it'\\''s.yaml' '$HOME' --shard "
                        "\"$SLURM_ARRAY_TASK_ID/5\"\n"),
            std::string::npos)
      << script;
  expect_refusal<UsageError>([] { submit_to_slurm({{"austeer"}, 0, {}, {}}); }, "at least one");
}

}  // namespace
}  // namespace austeer
