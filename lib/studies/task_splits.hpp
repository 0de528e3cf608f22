#pragma once
// Which part of a task's data serves what in a study: pairs to learn from, items to choose by,
// items to measure on. What is chosen by gives no pairs.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "runs/collect.hpp"
#include "runs/options.hpp"
#include "runs/prompts.hpp"
#include "studies/study.hpp"
#include "tasks/task.hpp"

namespace austeer {

class TaskSplits {
 public:
  /// Reads the task's items, and where methods run on it its pairs. Where hyper-parameters are
  /// chosen on items of their own and these have no split, they are the last ones of the training
  /// split: of the records behind the first `pairs` pairs, where there are enough of them; else of
  /// all, at most half, and then pairs of their records, or with their prompts, are left out.
  /// `nearest` finds wrong answers; for counting alone count_only() does. Throws what Task throws;
  /// UsageError where pairs and such items overlap.
  TaskSplits(const Study& study, const StudyTask& task,
             const NearestOthers& nearest = nearest_by_meaning());

  /// In place of nearest_by_meaning() where only the numbers of items and pairs are wanted, which
  /// no wrong answer changes: needs no encoder.
  static NearestOthers count_only();

  /// Makes prompts of items and pairs what `model` is asked, where the task asks in its chat
  /// format. Throws what apply_chat() throws.
  void apply_chat_of(const Model& model);

  const Task& task() const { return task_; }
  std::int64_t dev_count() const { return static_cast<std::int64_t>(dev_.size()); }
  std::int64_t test_count() const { return static_cast<std::int64_t>(test_.size()); }
  const std::vector<Item>& items(bool dev) const { return dev ? dev_ : test_; }

  /// The items [first, last) of the choice or of the test, as an expression for `austeer eval`.
  std::string expression(bool dev, std::int64_t first, std::int64_t last) const;

  /// The split of the pairs, for `austeer collect`; the places of those in it that are left out;
  /// and how many there are.
  const std::string& pairs_split() const { return pairs_split_; }
  const std::set<std::string>& left_out() const { return left_out_; }
  std::int64_t pair_count() const { return static_cast<std::int64_t>(pairs_.size()); }

  /// How many pairs there would be if no record gave an item of the choice instead.
  std::int64_t pairs_asked() const { return pairs_asked_; }

  /// The pairs that give at most `count`.
  std::vector<Pair> pairs(std::int64_t count) const;

 private:
  void take_dev_items(const StudyTask& task, const std::filesystem::path& data);
  /// Leaves out of `pairs_` those that share a record or a prompt with an item of the choice.
  void part_pairs_from_dev(const StudyTask& task);

  Task task_;
  std::vector<Item> dev_, test_;
  std::string dev_split_, test_split_;
  std::string pairs_split_;
  std::vector<Pair> pairs_;
  std::set<std::string> left_out_;
  std::int64_t pairs_asked_ = 0;
};

/// "copa: 900 of 1,000 pairs are left to learn from: the others share a record or a prompt with
/// the items that hyper-parameters are chosen by."; "" where none is missing.
std::string pairs_left_sentence(const std::string& task, std::int64_t left, std::int64_t asked);

}  // namespace austeer
