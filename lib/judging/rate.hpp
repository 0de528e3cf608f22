#pragma once
// judge --rate: the answers of one or two eval results, rated for quality and alignment by a judge
// model in the part of several raters. A stand-in for people's ratings (the paper's Table 2), and
// labelled as a model's wherever it is shown.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "judging/judge_pool.hpp"
#include "judging/questions.hpp"
#include "statistics/paired.hpp"

namespace austeer {

// Ratings of answers by a judge in the part of several raters, summed up: means, differences,
// agreement. Only items whose every answer has a rating by every rater count, so that all means are
// of the same ones.

/// One answer's ratings, in the order of raters(); nothing where a rater gave none.
using AnswerRatings = std::vector<std::optional<Rating>>;

/// The answers of one item: one for each result that is rated.
struct ItemRatings {
  std::vector<AnswerRatings> answers;
  bool identical = false;  ///< the answers are the same text

  /// Whether every rater rated every answer.
  bool complete() const;
};

/// What one rater gave in one aspect.
struct RaterSummary {
  double mean = 0;
  std::array<std::int64_t, 5> counts{};  ///< of the ratings 1 to 5
};

/// What one result's answers got in one aspect.
struct AspectSummary {
  double mean = 0;  ///< over raters and items
  std::vector<RaterSummary> raters;
};

template <typename T>
using PerAspect = std::array<T, rated_aspects.size()>;

struct RatingSummary {
  std::int64_t items = 0;
  std::int64_t rated = 0;                         ///< those that count
  std::vector<PerAspect<AspectSummary>> results;  ///< none where no item counts
  /// Of the second result with the first, by each item's mean over the raters.
  PerAspect<std::optional<PairedComparison>> differences;
  /// Krippendorff's alpha of the raters over all different answers.
  PerAspect<std::optional<double>> agreement;
};

RatingSummary summarise(std::span<const ItemRatings> items);

/// The summary with the results under `names`, one each: as in results and `--json`.
Json summary_json(const RatingSummary& summary, std::span<const std::string> names);

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

/// What the report says, as in the result.
Json rate_outcome(const RateReport& report);

/// The same, with "asked" and "result".
Json answer_json(const RateReport& report);

}  // namespace austeer
