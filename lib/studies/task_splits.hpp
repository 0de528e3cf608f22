#pragma once
// Which part of a task's data serves what in a study: pairs to learn from, items to choose by,
// items to measure on. What is chosen by gives no pairs.

#include <cstdint>
#include <string>
#include <vector>

#include "runs/options.hpp"
#include "studies/study.hpp"
#include "tasks/task.hpp"

namespace austeer {

class TaskSplits {
 public:
  /// Reads the task and its items. Without a split of its own, the choice gets the last items of
  /// the training split, at most half of them, and the pairs are those before the first that comes
  /// from one of them. Pairs are read where `with_choice`: nothing needs them for a test alone.
  /// Throws what Task throws; UsageError where the pairs and the items of the choice overlap.
  TaskSplits(const StudyTask& task, const RunOptions& run, bool with_choice);

  const Task& task() const { return task_; }
  std::int64_t dev_count() const { return static_cast<std::int64_t>(dev_.size()); }
  std::int64_t test_count() const { return static_cast<std::int64_t>(test_.size()); }
  const std::vector<Item>& items(bool dev) const { return dev ? dev_ : test_; }

  /// The items [first, last) of the choice or of the test, as an expression for `austeer eval`.
  std::string expression(bool dev, std::int64_t first, std::int64_t last) const;

  /// The split of the pairs, for `austeer collect`, and how many it has.
  const std::string& pairs_split() const { return pairs_split_; }
  std::int64_t pair_count() const { return static_cast<std::int64_t>(pairs_.size()); }

  /// The pairs that give at most `count`.
  std::vector<Pair> pairs(std::int64_t count) const;

 private:
  void cut_pairs(const StudyTask& task, const std::filesystem::path& data);

  Task task_;
  std::vector<Item> dev_, test_;
  std::string dev_split_, test_split_;
  std::string pairs_split_;
  std::vector<Pair> pairs_;
};

}  // namespace austeer
