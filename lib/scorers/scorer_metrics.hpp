#pragma once
// How well scores agree with labels: ranking (AUC), decisions (agreement at 0.5), values (Pearson)
// and calibration (Brier score, reliability curve).

#include <cstdint>
#include <span>
#include <vector>

#include "base/json.hpp"

namespace austeer {

/// One bar of the reliability curve: the texts whose score lies in [lower, upper), or in the last
/// bin [lower, upper].
struct ReliabilityBin {
  double lower = 0;
  double upper = 0;
  std::int64_t texts = 0;
  double mean_score = 0;  ///< 0 in an empty bin, as the two below
  double mean_label = 0;
  double toxic_share = 0;  ///< share of the texts whose label is above toxic_above
};

struct ScorerMetrics {
  std::int64_t texts = 0;
  std::int64_t toxic = 0;  ///< labels above toxic_above
  double auc = 0;          ///< P(a toxic text scores above another), ties count half
  double agreement = 0;    ///< share of texts where score and label fall on the same side of 0.5
  double pearson = 0;      ///< correlation of score and label
  double brier = 0;        ///< mean squared distance of the score from the decision, 0 or 1
  std::vector<ReliabilityBin> reliability;  ///< 10 bins of equal width
};

/// Throws UsageError when there are not as many labels as scores, for a number outside [0, 1], and
/// when the labels or the scores do not differ enough for AUC and Pearson to be defined.
ScorerMetrics scorer_metrics(std::span<const double> scores, std::span<const double> labels);

Json to_json(const ScorerMetrics& metrics);

}  // namespace austeer
