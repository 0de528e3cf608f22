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
  /// Reads the task's items, and for a study with methods its pairs. Where hyper-parameters are
  /// chosen on items of their own and these have no split, they are the last ones of the training
  /// split, at most half of them, and the pairs those before the first that comes from one of them.
  /// Throws what Task throws; UsageError where pairs and such items overlap.
  TaskSplits(const Study& study, const StudyTask& task);

  /// Makes prompts of items and pairs what `model` is asked, where the task asks in its chat
  /// format. Throws what apply_chat() throws.
  void apply_chat_of(const Model& model);

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
  void take_dev_items(const StudyTask& task, const std::filesystem::path& data);
  void take_pairs(const StudyTask& task, const std::filesystem::path& data);

  Task task_;
  std::vector<Item> dev_, test_;
  std::string dev_split_, test_split_;
  std::string pairs_split_;
  std::vector<Pair> pairs_;
};

}  // namespace austeer
