#pragma once
// One streaming pass over an activation cache: per unit, how often the momentum is above and below
// zero, and the sums behind its means. Most methods start from these.

#include <cstdint>
#include <string>
#include <vector>

#include "cache/reader.hpp"

namespace austeer {

/// Per unit (index layer * width + dim), over all pairs. The momentum of a pair is the float32
/// difference of the stored positive and negative activations; its sign is exact.
struct MomentumSums {
  std::vector<std::int32_t> positive;  ///< pairs with momentum > 0
  std::vector<std::int32_t> negative;  ///< pairs with momentum < 0
  std::vector<double> momentum;        ///< sum of momenta
  std::vector<double> activation;      ///< sum of positive and negative activations
};

/// Reads every activation of `site` once. Throws UsageError for a site that the cache lacks,
/// ComputeError, naming the unit, when activations are not finite.
MomentumSums sum_momenta(const ActivationCache& cache, const std::string& site);

}  // namespace austeer
