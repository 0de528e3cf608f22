// Pairs keep their number where there are records enough, and what a study says where there are
// not.

#include "studies/task_splits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "studies/check.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

/// A choice task with so many training records, and a study of it.
class Splits : public ::testing::Test {
 protected:
  /// The last record asks `last`, where that is given.
  void make(int records, const std::string& task_keys, const std::string& more = "",
            const std::string& last = "") {
    std::filesystem::create_directories(folder_.path() / "data" / "Made");
    std::string lines;
    for (int i = 0; i < records; ++i) {
      const std::string question = i + 1 == records && !last.empty() ? last : fmt::format("q{}", i);
      lines += fmt::format("{{\"question\": \"{}\", \"label\": {}}}\n", question, i % 2);
    }
    write_file(folder_.path() / "data" / "Made" / "train.jsonl", lines);
    write_file(folder_.path() / "made.yaml",
               "name: made\ndataset: Made\nsplits: {train: train.jsonl, test: train.jsonl}\n"
               "prompt: \"{question}\"\nlabel: label\nanswers: {0: A, 1: B}\n"
               "max_new_tokens: 1\nmetric: exact_match\n");
    write_file(folder_.path() / "study.yaml",
               "title: T\nmodels: [m]\ntasks: {made: {task: made.yaml, " + task_keys +
                   "}}\nmethods: {A: {plan: {k: [1, 2, 3, 4, 5, 6, 7, 8]}}}\n" + more);
    study_ = read_study(folder_.path() / "study.yaml");
    study_.run.datasets = (folder_.path() / "data").string();
  }

  TaskSplits splits() const { return TaskSplits(study_, study_.tasks.at(0)); }
  std::vector<std::string> said() const { return forewarnings(study_, entries_of(study_)); }

  testing::TemporaryFolder folder_;
  Study study_;
};

TEST_F(Splits, ItemsOfTheChoiceComeFromBehindThePairs) {
  make(200, "pairs: 80, dev_items: 30");
  EXPECT_EQ(splits().pair_count(), 80);
  EXPECT_EQ(splits().expression(true, 0, 30), "train[170:200]");
  EXPECT_TRUE(said().empty());
}

TEST_F(Splits, FewerThanAskedFromBehindThePairsAreBetterThanPairsLost) {
  make(100, "pairs: 80, dev_items: 30");
  EXPECT_EQ(splits().pair_count(), 80);
  EXPECT_EQ(splits().dev_count(), 20);
  EXPECT_EQ(splits().items(true).front().prompt, "q80");
  EXPECT_TRUE(said().empty());
}

TEST_F(Splits, WhereTooFewAreBehindThemPairsAreGivenUpAndItIsSaid) {
  make(90, "pairs: 80, dev_items: 30");  // ten behind them would choose nothing
  EXPECT_EQ(splits().pair_count(), 60);
  EXPECT_EQ(splits().pairs_asked(), 80);
  EXPECT_EQ(splits().dev_count(), 30);
  ASSERT_EQ(said().size(), 1U);
  EXPECT_TRUE(said().front().starts_with("made: 60 of 80 pairs are left to learn from"));
  make(70, "pairs: 80, dev_items: 30");
  EXPECT_TRUE(said().at(0).starts_with("made: 40 of 70 pairs"));
}

TEST_F(Splits, PairsThatAskWhatAnItemOfTheChoiceAsksAreLeftOutOneByOne) {
  make(200, "pairs: 80, dev_items: 30", "", "q3");  // the last record asks that again
  EXPECT_EQ(splits().pair_count(), 79);
  EXPECT_EQ(splits().pairs(80).at(3).positive, "q4A");
  EXPECT_TRUE(said().at(0).starts_with("made: 79 of 80 pairs"));
}

TEST_F(Splits, WrongAnswersMayBeFoundByAnotherRule) {
  make(40, "pairs: 10, dev_items: 5");
  EXPECT_EQ(splits().pairs(1).at(0).negative, "q0B");
  const std::string own = splits().task().fingerprint();
  make(40, "pairs: 10, dev_items: 5, wrong_answer: most_similar");
  const TaskSplits general(study_, study_.tasks[0], TaskSplits::count_only());
  EXPECT_EQ(general.pairs(1).at(0).positive, "q0A");
  EXPECT_EQ(general.pairs(1).at(0).negative, "q0 ") << "another A is the most similar answer";
  EXPECT_NE(general.task().fingerprint(), own);
  make(40, "pairs: 10, wrong_answer: most_simlar");
  testing::expect_refusal<Error>([&] { splits(); }, "did you mean 'most_similar'");
}

TEST_F(Splits, WhereNothingIsChosenAllPairsStay) {
  make(90, "pairs: 90, dev_items: 30", "select: none\n");
  EXPECT_EQ(splits().pair_count(), 90);
  EXPECT_EQ(splits().dev_count(), 0);
  EXPECT_TRUE(said().empty());
}

TEST_F(Splits, ItemsOfTheChoiceMayHaveASplitOfTheirOwn) {
  make(90, "train: 'train[:40]', pairs: 80, dev: 'train[40:]', dev_items: 30");
  EXPECT_EQ(splits().pair_count(), 40);
  EXPECT_EQ(splits().dev_count(), 30);
  EXPECT_EQ(splits().items(true).front().prompt, "q40");
  EXPECT_EQ(splits().expression(true, 2, 5), "train[42:45]");
  EXPECT_TRUE(said().empty());
}

TEST_F(Splits, SplitsOfTheirOwnMustNotOverlap) {
  make(90, "train: 'train[:40]', pairs: 40, dev: 'train[39:]', dev_items: 30");
  testing::expect_refusal<UsageError>(
      [&] { splits(); },
      "made: train.jsonl:40 gives both a pair and an item that hyper-parameters are chosen by");
}

TEST_F(Splits, ItemsOfTheTestAreTheFirstOfTheirSplit) {
  make(90, "test: 'train[50:]', items: 7, pairs: 10, dev_items: 5");
  EXPECT_EQ(splits().test_count(), 7);
  EXPECT_EQ(splits().items(false).back().prompt, "q56");
  EXPECT_EQ(splits().expression(false, 1, 4), "train[51:54]");
  EXPECT_EQ(splits().pairs(3).size(), 3U);
  EXPECT_EQ(splits().pairs(100).size(), 10U);
}

TEST_F(Splits, ARaceThatTakesMoreThanItsShareIsSaidBeforeItRuns) {
  make(200, "pairs: 80, dev_items: 30", "select: race\n");
  ASSERT_EQ(said().size(), 1U);
  EXPECT_NE(
      said().front().find("A on made: the first round of its race has 16 items for each of 8"),
      std::string::npos);
  EXPECT_NE(said().front().find("more than race_share allows (20 %)"), std::string::npos);
  make(200, "pairs: 80, dev_items: 30", "select: race\nrace_share: 0.9\n");
  EXPECT_TRUE(said().empty());
}

}  // namespace
}  // namespace austeer
