#pragma once
// judge: the answers of two eval results on the same prompts, compared by a judge model.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "judging/judge_pool.hpp"
#include "judging/questions.hpp"
#include "runs/result.hpp"

namespace austeer {

// The answers that a judge compares or rates: two eval results, joined item by item.

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

struct JudgeReport {
  std::string task;
  OutcomeCounts counts;  ///< of the steered answers
  std::int64_t items = 0;
  QuestionCounts questions;
  double p_value = 1;            ///< exact two-sided sign test of wins against losses
  std::filesystem::path result;  ///< the JSON; the items stand beside it in a .jsonl
};

/// Asks for each item twice, in both orders; equal answers are a tie without asking. Answers are
/// kept as they come, so that a run that was broken off goes on where it stood. Writes the result
/// and its items once all of them are there. Throws FormatError when the results are not of the
/// same prompts, UsageError, and what ChatClient and JudgeCache throw.
JudgeReport judge(const JudgeOptions& options);

/// {"task", "items", "wins", "losses", "ties", "no_verdict", "delta_win_rate": null without a
/// verdict, "p_value", "asked", "result"}
Json answer_json(const JudgeReport& report);

}  // namespace austeer
