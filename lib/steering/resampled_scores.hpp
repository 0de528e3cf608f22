#pragma once
// The scores that count pairs, for many weightings of the pairs at once: a matrix product of the
// weights and the signs of the momenta.

#include <ATen/ATen.h>
#include <cstdint>
#include <vector>

#include "steering/resampling.hpp"

namespace austeer {

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
