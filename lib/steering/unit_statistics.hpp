#pragma once
// What some options ask of a cache beyond the sums of momentum.hpp, each by a pass of its own, so
// that those who do not ask do not pay.

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

/// Per unit the shares of pairs with momentum above 0 and below, averaged over the classes of the
/// right answer so that each counts the same.
struct ClassShares {
  std::vector<double> positive;
  std::vector<double> negative;
};

/// Throws UsageError where the cache has no answer classes.
ClassShares class_shares(const ActivationCache& cache, const std::string& key);

}  // namespace austeer
