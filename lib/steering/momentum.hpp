#pragma once
// One streaming pass over an activation cache: per unit, how often the momentum is above and below
// zero, and the sums behind its means. Every method starts from these.

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
  std::vector<double> momentum;        ///< sum of momenta, to 4.2e-7 of the sum of their sizes
  std::vector<double> activation;      ///< sum of positive and negative activations, likewise
  std::vector<double> magnitude;       ///< sum of their absolute values, likewise

  MomentumSums() = default;
  /// Zeros.
  explicit MomentumSums(std::size_t units);
};

/// Reads every activation of the cached site `key` once. Throws UsageError for a site that the
/// cache lacks or holds for some layers or for single tokens only, ComputeError, naming the unit,
/// when activations are not finite.
MomentumSums sum_momenta(const ActivationCache& cache, const std::string& key);

}  // namespace austeer
