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

/// The paired randomisation test, two-sided, of the changes of items from one method to another:
/// under the null hypothesis each could as well have the other sign, and the p-value is the share
/// of such choices of signs whose sum is as far from 0. Where all changes but those that are 0 have
/// one size that is mcnemar_p_value; else it is estimated from `draws` choices, the observed one
/// counted with them, the same ones on every machine for one seed. Source: Fisher (1935), section
/// 21; Phipson and Smyth (2010) for the estimate. Throws UsageError for draws < 1.
double randomisation_p_value(std::span<const double> changes, std::int64_t draws = 10000,
                             std::uint64_t seed = 0);

/// `other` against `baseline`.
struct PairedComparison {
  double difference = 0;    ///< mean of other - baseline
  Interval interval;        ///< of the difference, 95 %
  double p_value = 1;       ///< randomisation_p_value: of right and wrong, McNemar's exact one
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
