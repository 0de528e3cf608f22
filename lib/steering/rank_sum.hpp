#pragma once
// How well one unit's activation alone tells the negative texts from the positive ones: the area
// under its ROC curve, and the rank-sum test that it is more than chance.

#include <string>
#include <vector>

#include "cache/reader.hpp"

namespace austeer {

/// Per unit (index layer * width + dim), all negative texts against all positive ones.
struct RankSums {
  /// The share of (negative, positive) text pairs in which the negative text has the higher
  /// activation; equal ones count half.
  std::vector<double> auroc;
  /// Two-sided rank-sum test (Mann-Whitney) of that against 1/2: the normal approximation with the
  /// variance corrected for ties, without a correction for continuity; 1 where all texts are equal.
  std::vector<double> p_values;
};

/// Reads the cached site `key` once, some thousands of units at a time. Throws UsageError for a
/// site as sum_momenta does. Activations must be finite.
RankSums rank_sums(const ActivationCache& cache, const std::string& key);

}  // namespace austeer
