#include "steering/momentum.hpp"

#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "steering/unit_blocks.hpp"

namespace austeer {
namespace {

// Pairs that are summed in float32 before the sum goes into a double. The error of such a sum is
// at most 7 * 2^-24 = 4.2e-7 of the sum of its terms' sizes, and so is that of the whole sum, the
// additions in double being exact in comparison: mean momentum to 4.2e-7 of the mean |momentum|.
constexpr std::int64_t group = 8;

struct Sums {
  std::int32_t* positive;
  std::int32_t* negative;
  double* momentum;
  double* activation;
  double* magnitude;
};

/// Adds `rows`, at most `group` pairs, at the units [begin, begin + count), count <= unit_block.
/// Plain loops over the block, which the compiler turns into vector code.
template <typename T>
AUSTEER_INLINE void add_group(const PairRows<T>& rows, const Sums& sums, std::int64_t begin,
                              std::int64_t count) {
  std::int32_t above[unit_block] = {};
  std::int32_t below[unit_block] = {};
  float momentum[unit_block] = {};
  float activation[unit_block] = {};
  float magnitude[unit_block] = {};
  for (std::int64_t pair = 0; pair < rows.pairs; ++pair) {
    const T* positive = rows.positive + pair * rows.units + begin;
    const T* negative = rows.negative + pair * rows.units + begin;
    for (std::int64_t i = 0; i < count; ++i) {
      const float with = to_float(positive[i]);
      const float without = to_float(negative[i]);
      const float difference = with - without;
      above[i] += difference > 0;
      below[i] += difference < 0;
      momentum[i] += difference;
      activation[i] += with + without;
      magnitude[i] += std::abs(with) + std::abs(without);
    }
  }
  for (std::int64_t i = 0; i < count; ++i) sums.positive[begin + i] += above[i];
  for (std::int64_t i = 0; i < count; ++i) sums.negative[begin + i] += below[i];
  for (std::int64_t i = 0; i < count; ++i) sums.momentum[begin + i] += double{momentum[i]};
  for (std::int64_t i = 0; i < count; ++i) sums.activation[begin + i] += double{activation[i]};
  for (std::int64_t i = 0; i < count; ++i) sums.magnitude[begin + i] += double{magnitude[i]};
}

template <typename T>
using Kernel = void (*)(const PairRows<T>&, const Sums&, std::int64_t, std::int64_t);

template <typename T>
void add_group_plain(const PairRows<T>& rows, const Sums& sums, std::int64_t begin,
                     std::int64_t count) {
  add_group(rows, sums, begin, count);
}

#if defined(__x86_64__)
template <typename T>
[[gnu::target("avx2")]] void add_group_avx2(const PairRows<T>& rows, const Sums& sums,
                                            std::int64_t begin, std::int64_t count) {
  add_group(rows, sums, begin, count);
}
#endif

template <typename T>
Kernel<T> kernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return add_group_avx2<T>;
#endif
  return add_group_plain<T>;
}

template <typename T>
void add_shard(const PairRows<T>& shard, const Sums& sums) {
  const Kernel<T> add = kernel<T>();
  for_each_block(shard.units, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t pair = 0; pair < shard.pairs; pair += group) {
      add({shard.positive + pair * shard.units, shard.negative + pair * shard.units, shard.units,
           std::min(group, shard.pairs - pair), shard.first_pair + pair},
          sums, begin, count);
    }
  });
}

/// One activation that is not finite leaves a sum that is not.
void check_finite(const MomentumSums& sums, const ActivationCache& cache, const CachedSite& site) {
  for (std::size_t unit = 0; unit < sums.magnitude.size(); ++unit) {
    if (std::isfinite(sums.momentum[unit]) && std::isfinite(sums.magnitude[unit])) continue;
    const auto index = static_cast<std::int64_t>(unit);
    throw ComputeError(
        "rank",
        fmt::format("{}: activations at site {}, layer {}, dim {} are not finite numbers, or too "
                    "large to add",
                    cache.path().string(), site.key(), index / site.width, index % site.width),
        "The cache has been damaged since it was written; delete it and collect again");
  }
}

}  // namespace

MomentumSums::MomentumSums(std::size_t units)
    : positive(units), negative(units), momentum(units), activation(units), magnitude(units) {}

MomentumSums sum_momenta(const ActivationCache& cache, const std::string& key) {
  const CachedSite& site = paired_site(cache, key);
  MomentumSums sums(static_cast<std::size_t>(site.layers * site.width));
  const Sums pointers{sums.positive.data(), sums.negative.data(), sums.momentum.data(),
                      sums.activation.data(), sums.magnitude.data()};
  for_each_shard(cache, key, [&](const auto& shard) { add_shard(shard, pointers); });
  check_finite(sums, cache, site);
  return sums;
}

}  // namespace austeer
