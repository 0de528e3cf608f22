#pragma once
// What some options ask of a cache beyond the sums of momentum.hpp, each by a pass of its own, so
// that those who do not ask do not pay.

#include <ATen/ATen.h>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"

namespace austeer {

/// Of each unit's momentum over all pairs, in float64: the values of a NumPy computation.
struct MomentumMoments {
  std::vector<double> sum;
  std::vector<double> mean;
  std::vector<double> deviation;  ///< population standard deviation; exactly 0 where all are equal
};

/// Each of these throws UsageError for a site as sum_momenta does. Activations must be finite.
MomentumMoments momentum_moments(const ActivationCache& cache, const std::string& key);

/// Per unit the larger share of all texts, positive and negative ones, in which its activation is
/// above 0, or below.
std::vector<double> sign_shares(const ActivationCache& cache, const std::string& key);

/// The pairs of one class of the right answer, and per unit how many of them have a momentum above
/// 0 and below.
struct ClassCounts {
  std::int64_t pairs = 0;
  std::vector<std::int32_t> positive;
  std::vector<std::int32_t> negative;
};

/// The places of the pairs of each class, ascending, the classes in the order of their names.
/// Throws UsageError where the cache has no answer classes.
std::vector<std::vector<std::int64_t>> pairs_by_class(const ActivationCache& cache);

/// The counts of each class, in the order of pairs_by_class. Throws as that does.
std::vector<ClassCounts> class_counts(const ActivationCache& cache, const std::string& key);

/// The sign of each momentum, -1, 0 or 1: int8 [pairs, layers * width].
at::Tensor momentum_signs(const ActivationCache& cache, const std::string& key);

/// The momenta of some units, by their indices layer * width + dim, in all pairs: float32 [units,
/// pairs], each row contiguous.
at::Tensor unit_momenta(const ActivationCache& cache, const std::string& key,
                        std::span<const std::int64_t> units);

}  // namespace austeer
