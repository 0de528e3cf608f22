#pragma once
// Two methods on the same items: which is better, by how much, and could it be chance?

#include <cstdint>
#include <span>

#include "statistics/interval.hpp"

namespace austeer {

/// McNemar's exact test, two-sided: of the items on which two methods differ, `better` favour one
/// and `worse` the other; under the null hypothesis each does so by a fair coin. That is the sign
/// test. Source: McNemar (1947), with the binomial distribution. Throws ComputeError for negative
/// counts.
double mcnemar_p_value(std::int64_t better, std::int64_t worse);

/// `other` against `baseline`.
struct PairedComparison {
  double difference = 0;    ///< mean of other - baseline
  Interval interval;        ///< of the difference, 95 %
  double p_value = 1;       ///< mcnemar_p_value of better and worse
  std::int64_t better = 0;  ///< items with other > baseline
  std::int64_t worse = 0;   ///< items with other < baseline
};

/// Compares the values of two methods, item by item. The interval is the bootstrap's: items are
/// drawn with replacement `resamples` times, the same for both methods, and of the mean differences
/// the 2.5 and 97.5 percentiles are taken, interpolated linearly between order statistics. The same
/// seed gives the same interval on every machine. Source: Efron & Tibshirani (1993), chapter 13.
/// Throws UsageError for no items, lengths that differ, and resamples < 1; ComputeError for values
/// that are not finite.
PairedComparison compare_paired(std::span<const double> baseline, std::span<const double> other,
                                std::int64_t resamples = 10000, std::uint64_t seed = 0);

}  // namespace austeer
