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

}  // namespace austeer
