#pragma once
// judge: the answers of two eval results on the same prompts, compared by a judge model.

#include <cstdint>
#include <filesystem>
#include <string>

#include "runs/judge_options.hpp"
#include "scorers/comparison.hpp"

namespace austeer {

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

}  // namespace austeer
