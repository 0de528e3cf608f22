#pragma once
// Draws of pairs: with replacement, and in halves. Pairs are drawn within strata, so that every
// draw has as many of each as the cache.

#include <ATen/ATen.h>
#include <cstdint>
#include <utility>
#include <vector>

#include "statistics/random.hpp"

namespace austeer {

/// Places of pairs, each in one stratum.
using Strata = std::vector<std::vector<std::int64_t>>;

/// How often each of `pairs` pairs is drawn in each of `resamples` bootstrap samples: float32
/// [resamples, pairs]. Sample by sample, stratum by stratum, as many draws as it has members.
at::Tensor resample_counts(const Strata& strata, std::int64_t pairs, std::int64_t resamples,
                           Random& random);

/// 1 for the pairs of a random half, else 0, `splits` times: float32 [splits, pairs]. Of a stratum
/// with an odd number of members the other half has one more.
at::Tensor random_halves(const Strata& strata, std::int64_t pairs, std::int64_t splits,
                         Random& random);

// The scores that count pairs, for many weightings of the pairs at once: a matrix product of the
// weights and the signs of the momenta.

class ResampledScores {
 public:
  /// `signs` of the momenta: int8 [N pairs, U units].
  ResampledScores(const at::Tensor& signs, const Strata& strata);

  /// The units' scores where pair n counts weights[b, n] times, whole numbers in float32 [B, N] of
  /// which each stratum has some: float64 [B, U]. In each stratum the shares of pairs with a
  /// momentum above 0, and below; of their means over the strata the larger. Computed so that
  /// weights of one give what rank_austeer gives, to the bit.
  at::Tensor scores(const at::Tensor& weights) const;

  /// The `k` best units of each row of scores(weights), best first, of equal ones the first.
  std::vector<std::vector<std::int64_t>> best(const at::Tensor& weights, std::int64_t k) const;

 private:
  struct Stratum {
    at::Tensor members;  ///< int64 [n]
    at::Tensor signs;    ///< int8 [n, U]
  };
  std::vector<Stratum> strata_;
  std::int64_t units_;
};

}  // namespace austeer
