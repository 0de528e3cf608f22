// The cells of a runner: in their order, each run once, whoever runs it; keys that tell apart what
// must be told apart.
#include "studies/cell_runner.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "runs/result.hpp"
#include "studies/tiny_study.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

class CellsOfAStudy : public ::testing::Test {
 protected:
  const Variant& variant(std::size_t index) const { return study_.methods[0].variants[index]; }

  std::vector<CellResult> obtain(CellRunner& runner, const std::vector<Trial>& trials) {
    return runner.obtain(trials, [&](const Trial& trial, const CellResult& cell, double) {
      EXPECT_EQ(cell.key, runner.key(trial));
      ran_.push_back(cell.key);
    });
  }

  const testing::TinyStudy made_{};
  const Study study_ = made_.read(std::string(testing::tiny_tasks) + testing::tiny_methods);
  const Model model_ = made_.open(study_);
  const StudyFolder folder_ = made_.results();
  std::vector<std::string> ran_;  ///< keys, as they were told of
};

TEST_F(CellsOfAStudy, ResultsAreInTheOrderOfTheTrialsAndAreNotRunAgain) {
  for (const StudyTask& task : study_.tasks) {
    CellRunner runner(study_, task, model_, folder_);
    const std::vector<Trial> trials = {
        {.variant = &variant(1), .control = {}, .seed = {}, .dev = false, .first = 1, .last = 3},
        {.variant = &variant(0), .control = {}, .seed = {}, .dev = true, .first = 0, .last = 4},
        {.variant = nullptr, .control = {}, .seed = {}, .dev = false, .first = 1, .last = 3},
        {.variant = &variant(1),
         .control = Control::random,
         .seed = 7,
         .dev = false,
         .first = 1,
         .last = 3}};
    EXPECT_FALSE(runner.has_cache(8));
    ran_.clear();
    const auto results = obtain(runner, trials);
    EXPECT_TRUE(runner.has_cache(8));
    EXPECT_EQ(ran_.size(), 4U);
    ASSERT_EQ(results.size(), 4U);
    for (std::size_t i = 0; i < trials.size(); ++i) {
      EXPECT_EQ(results[i].key, runner.key(trials[i]));
      EXPECT_EQ(results[i].activations_per_token, trials[i].variant == nullptr ? 0 : 4);
      const Result cell = read_result(folder_.cell(results[i].key), "eval");
      const std::vector<Item>& items = runner.splits().items(trials[i].dev);
      ASSERT_EQ(cell.items.size(), static_cast<std::size_t>(trials[i].last - trials[i].first));
      for (std::size_t item = 0; item < cell.items.size(); ++item) {
        const auto place = static_cast<std::size_t>(trials[i].first) + item;
        EXPECT_EQ(cell.items[item].at("place"), items[place].place);
        EXPECT_EQ(results[i].scores[item], cell.items[item].at("correct").get<bool>() ? 1 : 0);
      }
    }
    const auto before = testing::bytes_below(folder_.root());
    ran_.clear();
    obtain(runner, trials);
    EXPECT_TRUE(ran_.empty());
    EXPECT_EQ(testing::bytes_below(folder_.root()), before);
  }
}

TEST_F(CellsOfAStudy, ACellOfAnotherProcessIsWaitedForAndNotRun) {
  for (const StudyTask& task : study_.tasks) {
    CellRunner runner(study_, task, model_, folder_);
    Trial held, free;
    held.last = free.last = 2;
    free.variant = &variant(0);
    const std::string key = runner.key(held);
    std::optional<FileLock> lock = FileLock::try_take(folder_.lock(key));
    ASSERT_TRUE(lock);
    std::vector<std::string> ran;
    const auto results = runner.obtain(
        std::vector<Trial>{held, free}, [&](const Trial&, const CellResult& cell, double) {
          ran.push_back(cell.key);
          write_failed_cell(folder_, key, "made elsewhere");  // what the other one comes to
          lock.reset();
        });
    EXPECT_EQ(ran, std::vector<std::string>{runner.key(free)});
    EXPECT_EQ(results[0].failed, "made elsewhere");
    EXPECT_EQ(results[1].failed, "");
  }
}

TEST_F(CellsOfAStudy, ABrokenCellIsRefused) {
  CellRunner runner(study_, study_.tasks[0], model_, folder_);
  Trial trial;
  trial.last = 2;
  const auto cell = folder_.cell(obtain(runner, {trial}).front().key);
  const std::string items = read_file(items_path(cell));
  write_file(items_path(cell), items + "\n");
  expect_refusal<FormatError>([&] { obtain(runner, {trial}); }, cell.stem().string());
  write_file(items_path(cell), items);
  obtain(runner, {trial});
  write_file(cell, "{\"kind\": \"eval\"");
  expect_refusal<FormatError>([&] { obtain(runner, {trial}); }, cell.string());
  write_file(cell, "{\"schema\": 1, \"kind\": \"failed\"}");
  expect_refusal<FormatError>([&] { obtain(runner, {trial}); }, "reason");
}

TEST_F(CellsOfAStudy, VariantsThatRunTogetherAreThoseThatRunAlone) {
  CellRunner runner(study_, study_.tasks[0], model_, folder_);
  const StudyFolder apart = made_.results("apart");
  CellRunner alone(study_, study_.tasks[0], model_, apart);
  std::vector<Trial> trials(3);
  for (Trial& trial : trials) trial.last = 7;
  trials[0].variant = &variant(0);
  trials[1].variant = &variant(1);
  const auto together = obtain(runner, trials);
  for (const Trial& trial : trials) obtain(alone, {trial});
  EXPECT_EQ(testing::study_bytes(apart), testing::study_bytes(folder_));
  EXPECT_NE(read_file(items_path(folder_.cell(together[1].key))),
            read_file(items_path(folder_.cell(together[2].key))));
}

TEST_F(CellsOfAStudy, ThePlanThatCannotBeCarriedOutFailsAlone) {
  // Beyond what float16 holds.
  const Study study =
      made_.read(std::string(testing::tiny_tasks) +
                 "run: {dtype: float16}\n"
                 "methods: {A: {rank: {site: ffn}, plan: {k: 192, alpha: [1, 10000000, 2]}}}\n");
  const Model model = made_.open(study);
  for (const StudyTask& task : study.tasks) {
    CellRunner runner(study, task, model, folder_);
    std::vector<Trial> trials(3);
    for (std::size_t i = 0; i < 3; ++i) {
      trials[i].last = 2;
      trials[i].variant = &study.methods[0].variants[i];
    }
    const auto results = obtain(runner, trials);
    EXPECT_EQ(results[0].failed, "");
    EXPECT_NE(results[1].failed.find("NaN or infinite"), std::string::npos) << results[1].failed;
    EXPECT_EQ(results[2].failed, "");
    EXPECT_EQ(read_cell(folder_, results[1].key)->failed, results[1].failed);
  }
}

TEST_F(CellsOfAStudy, WhatCannotBeRankedIsAnErrorAndNoPlanThatFailed) {
  const Study study =
      made_.read(std::string(testing::tiny_tasks) +
                 "methods: {A: {rank: {site: ffn, set: {scor: effect}}, plan: {k: 4}}}\n");
  CellRunner runner(study, study.tasks.front(), model_, folder_);
  Trial trial;
  trial.last = 2;
  trial.variant = &study.methods[0].variants[0];
  trial.control = Control::random;
  expect_refusal<UsageError>([&] { obtain(runner, {trial}); }, "did you mean 'score'");
  EXPECT_FALSE(read_cell(folder_, runner.key(trial)));
}

TEST_F(CellsOfAStudy, KeysHoldWhatAResultDependsOnAndNothingElse) {
  const std::string methods = testing::tiny_methods;
  const auto key_of = [&](const std::string& keys, const std::string& folder = "results",
                          bool is_test = true) {
    const Study study = made_.read(keys);
    const Model model = made_.open(study);
    const StudyFolder results = made_.results(folder);
    CellRunner runner(study, study.tasks[0], model, results);
    Trial trial;
    trial.variant = &study.methods[0].variants[0];
    trial.dev = !is_test;
    trial.last = 3;
    return runner.key(trial);
  };
  const auto task = [](const std::string& more) {
    return "tasks: {x: {task: choice.yaml, pairs: 8, dev_items: 4, scoring: choices" + more +
           "}}\n";
  };
  const std::string key = key_of(task("") + methods);
  for (const std::string& same :
       {task("") + methods + "question: Why?\nselect: test\nseeds: [3]\n",
        task("") + "run: {batch_tokens: 64, passes: plain}\n" + methods,
        task(", items: 5") + methods,
        task("") + "methods: {B: {rank: {site: ffn}, plan: {k: 4, alpha: [1, 2]}}}\n"}) {
    EXPECT_EQ(key_of(same), key) << same;
  }
  EXPECT_EQ(key_of(task("") + methods, "elsewhere"), key);
  EXPECT_NE(key_of(task("") + methods, "results", false), key) << "other items";
  for (const std::string& other :
       {task("") + "max_tokens: 100\n" + methods, task("") + "void_pairs: drop\n" + methods,
        task("") + "run: {dtype: bfloat16}\n" + methods, task(", test: 'test[1:]'") + methods,
        "tasks: {x: {task: choice.yaml, pairs: 7, dev_items: 4, scoring: choices}}\n" + methods,
        task("") + "methods: {A: {rank: {site: ffn}, plan: {k: 5, alpha: 1}}}\n",
        task("") + "methods: {A: {rank: {site: attention}, plan: {k: 4, alpha: 1}}}\n"}) {
    EXPECT_NE(key_of(other), key) << other;
  }
}

TEST_F(CellsOfAStudy, SeedsAreInAKeyWhereSomethingIsDrawn) {
  CellRunner runner(study_, study_.tasks[0], model_, folder_);
  Trial trial;
  trial.variant = &variant(0);
  trial.last = 3;
  const auto key = [&](std::optional<Control> control, std::optional<std::uint64_t> seed) {
    trial.control = control;
    trial.seed = seed;
    return runner.key(trial);
  };
  EXPECT_EQ(key({}, 1), key({}, 2));
  EXPECT_NE(key(Control::random, 1), key(Control::random, 2));
  EXPECT_NE(key(Control::random, 1), key({}, 1));
  EXPECT_EQ(key(Control::magnitude, 1), key(Control::magnitude, 2)) << "nothing is drawn";
}

TEST_F(CellsOfAStudy, EachNumberOfPairsIsACacheOfItsOwn) {
  const Study study = made_.read(std::string(testing::tiny_tasks) +
                                 "methods: {A: {rank: {site: ffn, pairs: [3, 100]}}, B: {tasks: "
                                 "[written], rank: {pairs: 5}}}\n");
  const CellRunner chosen(study, study.tasks[0], model_, folder_);
  EXPECT_EQ(chosen.pair_counts(), (std::set<std::int64_t>{3, chosen.splits().pair_count()}));
  const CellRunner written(study, study.tasks[1], model_, folder_);
  EXPECT_EQ(written.pair_counts(), (std::set<std::int64_t>{3, 5, written.splits().pair_count()}));
  EXPECT_EQ(written.max_new_tokens(), 6);
}

TEST_F(CellsOfAStudy, ATaskForAJudgeNeedsOne) {
  made_.runs().write_task("judged",
                          "answer: \"{answer}\"\nwrong_answer: next\nmax_new_tokens: 2\n"
                          "metric: judge\n");
  const Study study = made_.read("tasks: {judged: {task: judged.yaml}}\n");
  expect_refusal<UsageError>([&] { CellRunner(study, study.tasks[0], model_, folder_); }, "judge");
}

}  // namespace
}  // namespace austeer
