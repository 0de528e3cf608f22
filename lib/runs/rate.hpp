#pragma once
// judge --rate: the answers of one or two eval results, rated for quality and alignment by a judge
// model in the part of several raters. A stand-in for people's ratings (the paper's Table 2), and
// labelled as a model's wherever it is shown.

#include <filesystem>
#include <string>
#include <vector>

#include "runs/judge_options.hpp"
#include "runs/rating_summary.hpp"

namespace austeer {

struct RateReport {
  std::string task;
  std::string rated_by;              ///< "a model (NAME), not by people"
  std::vector<std::string> results;  ///< "baseline", "steered": those of `summary`
  RatingSummary summary;
  QuestionCounts questions;
  std::filesystem::path result;  ///< the JSON; the items stand beside it in a .jsonl
};

/// Asks each rater's question about each answer; equal answers to a prompt are rated once. Answers
/// are kept as they come, so that a run that was broken off goes on where it stood. Without
/// `steered` the baseline's answers are rated alone. Writes the result and its items once all
/// ratings are there. Throws as judge() does.
RateReport rate(const JudgeOptions& options);

/// What the report says, as in the result and in `--json`.
Json rate_outcome(const RateReport& report);

}  // namespace austeer
