#pragma once
// The answers that a judge compares or rates: two eval results, joined item by item.

#include <filesystem>
#include <string>
#include <vector>

#include "runs/read_result.hpp"
#include "scorers/comparison.hpp"

namespace austeer {

struct JudgeItem {
  std::string place;  ///< in the dataset
  std::string prompt_sha256;
  std::string prompt;
  std::string baseline;  ///< the two answers
  std::string steered;

  bool identical() const { return baseline == steered; }
  JudgeQuestion baseline_first() const { return comparison_question(prompt, baseline, steered); }
  JudgeQuestion steered_first() const { return comparison_question(prompt, steered, baseline); }
};

/// The name of the task that `result` is of.
std::string task_name(const Result& result);

/// Joins the items of two results of eval. Throws FormatError unless both are of one task, have the
/// same prompts in the same order, and record them.
std::vector<JudgeItem> join_results(const Result& baseline, const Result& steered);

}  // namespace austeer
