// What a tiny study will cost: the counts of cells and tokens, which need no clock.
#include "studies/cost.hpp"

#include <gtest/gtest.h>

#include "studies/tiny_study.hpp"

namespace austeer {
namespace {

class CostOf : public ::testing::Test {
 protected:
  std::vector<EntryCost> costs(const std::string& keys) const {
    return estimate_costs(made_.read(keys), made_.results(), {});
  }

  /// The numbers of cells, row by row.
  std::vector<std::int64_t> cells(const std::string& keys) const {
    std::vector<std::int64_t> found;
    for (const EntryCost& cost : costs(keys)) found.push_back(cost.cells);
    return found;
  }

  /// A letter is a token.
  std::int64_t prompt_letters(const std::string& task, std::size_t items) const {
    std::int64_t letters = 0;
    for (std::size_t i = 0; i < items; ++i) {
      letters += static_cast<std::int64_t>(made_.runs().items(task).at(i).prompt.size());
    }
    return letters;
  }

  std::int64_t pair_letters(const std::string& task, std::size_t pairs) const {
    const std::vector<Pair> all = load_task(made_.runs().task(task), testing::project_configs)
                                      .pairs("train", made_.runs() / "data");
    std::int64_t letters = 0;
    for (std::size_t i = 0; i < pairs; ++i) {
      letters += static_cast<std::int64_t>(all.at(i).positive.size() + all[i].negative.size());
    }
    return letters;
  }

  const testing::TinyStudy made_{};
};

const std::string one_task = "tasks: {written: {task: open.yaml, pairs: 8, dev_items: 4}}\n";
const std::string three_variants =
    "methods: {A: {rank: {site: ffn}, plan: {k: [1, 2, 3]}, controls: [random, magnitude]}}\n";

TEST_F(CostOf, RowsAreThePairsAndTheEntries) {
  const std::vector<EntryCost> found =
      costs(std::string(testing::tiny_tasks) + testing::tiny_methods);
  std::vector<std::string> rows;
  for (const EntryCost& cost : found) rows.push_back(cost.task + " " + cost.method);
  EXPECT_EQ(rows, (std::vector<std::string>{"chosen (pairs)", "chosen vanilla", "chosen A",
                                            "written (pairs)", "written vanilla", "written A"}));
  for (const EntryCost& cost : found) {
    EXPECT_EQ(cost.done, 0);
    EXPECT_GT(cost.tokens, 0);
  }
  EXPECT_EQ(costs(one_task).size(), 1U) << "nothing is learned: no pairs";
}

TEST_F(CostOf, CellsAreThoseOfTheWayOfChoosing) {
  const std::string seeds = one_task + "seeds: [1, 2]\n";
  // A cache; the unsteered model; the grid, the chosen one, a control for each seed and one that
  // draws nothing.
  EXPECT_EQ(cells(seeds + three_variants), (std::vector<std::int64_t>{1, 1, 3 + 1 + 2 + 1}));
  EXPECT_EQ(cells(seeds + "select: race\n" + three_variants),
            (std::vector<std::int64_t>{1, 1, 3 + 1 + 2 + 1}));
  EXPECT_EQ(cells(seeds + "select: test\n" + three_variants),
            (std::vector<std::int64_t>{1, 1, 3 + 2 + 1}))
      << "the chosen one was on the test items already";
  EXPECT_EQ(cells(seeds + "select: none\nmethods: {A: {rank: {site: ffn}, plan: {k: [1, 2]}}}\n"),
            (std::vector<std::int64_t>{1, 1, 2}));
  EXPECT_EQ(cells(seeds + "methods: {A: {rank: {site: ffn}, plan: {k: 1}}}\n"),
            (std::vector<std::int64_t>{1, 1, 1}))
      << "of one variant nothing is chosen";
  const std::string drawn =
      "methods: {R: {rank: {site: ffn, set: {score: random}, "
      "pairs: [3, 4]}}}\n";
  EXPECT_EQ(cells(seeds + drawn), (std::vector<std::int64_t>{2, 1, 2 + 2}));
  EXPECT_EQ(cells(seeds + "select: none\n" + drawn), (std::vector<std::int64_t>{2, 1, 2 * 2}));
}

TEST_F(CostOf, TokensAreThoseOfPromptsAndAnswersThatAreMissing) {
  const auto generated =
      costs(one_task + "select: none\nmethods: {A: {rank: {site: ffn}, plan: {k: [1, 2, 3]}}}\n");
  const std::int64_t once = prompt_letters("open", 7) + 7 * 6;
  EXPECT_EQ(generated.at(0).tokens, pair_letters("open", 8));
  EXPECT_EQ(generated.at(1).tokens, once);
  EXPECT_EQ(generated.at(2).tokens, 3 * once);
  const auto chosen = costs("tasks: {chosen: {task: choice.yaml, items: 3, scoring: choices}}\n");
  EXPECT_EQ(chosen.at(0).tokens, 2 * prompt_letters("choice", 3)) << "once for each choice";
}

TEST_F(CostOf, WhatIsDoneCostsNothing) {
  const std::string keys = one_task + "seeds: [1, 2]\n" + three_variants;
  const Study study = made_.read(keys);
  const StudyFolder folder = made_.results();
  sweep(study, folder, {});
  for (const EntryCost& cost : costs(keys)) {
    EXPECT_EQ(cost.done, cost.cells) << cost.method;
    EXPECT_EQ(cost.tokens, 0) << cost.method;
    EXPECT_EQ(cost.seconds, 0) << cost.method;
  }
  // Without its outcome an entry's cells are looked at: those of the grid are there.
  const Entry entry = entries_of(study).at(1);
  const std::string cell = read_outcome(folder, study, entry).value().choice.at(0).cells.at(0);
  std::filesystem::remove(folder.outcome(outcome_key(study, entry)));
  EXPECT_EQ(costs(keys).at(2).done, 3);
  std::filesystem::remove(folder.cell(cell));
  EXPECT_EQ(costs(keys).at(2).done, 2);

  const Json answer = answer_json(study, costs(keys));
  EXPECT_EQ(answer.at("study"), study.file.string());
  EXPECT_EQ(answer.at("entries").at(2).at("method"), "A");
  EXPECT_EQ(answer.at("entries")[2].at("done"), 2);
}

TEST_F(CostOf, AShardHasItsOwnEntriesAlone) {
  const Study study = made_.read(std::string(testing::tiny_tasks) + testing::tiny_methods);
  const auto found = estimate_costs(study, made_.results(), {2, 2});
  std::vector<std::string> rows;
  for (const EntryCost& cost : found) rows.push_back(cost.task + " " + cost.method);
  EXPECT_EQ(rows, (std::vector<std::string>{"chosen (pairs)", "chosen A", "written (pairs)",
                                            "written A"}));
}

}  // namespace
}  // namespace austeer
