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

/// The sums of a block of units over a group of pairs.
struct BlockSums {
  std::int32_t above[unit_block] = {};
  std::int32_t below[unit_block] = {};
  float momentum[unit_block] = {};
  float activation[unit_block] = {};
  float magnitude[unit_block] = {};
};

/// Adds one pair, or two that stand `stride` apart: each sum is loaded and stored once for both,
/// which is what this loop spends its time on. Plain code that the compiler turns into vector code.
template <bool two, typename T>
AUSTEER_INLINE void add_pairs(const T* positive, const T* negative, std::int64_t stride,
                              std::int64_t count, BlockSums& sums) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float with = to_float(positive[i]);
    const float without = to_float(negative[i]);
    const float difference = with - without;
    std::int32_t above = difference > 0;
    std::int32_t below = difference < 0;
    float momentum = difference;
    float activation = with + without;
    float magnitude = std::abs(with) + std::abs(without);
    if constexpr (two) {
      const float next_with = to_float(positive[stride + i]);
      const float next_without = to_float(negative[stride + i]);
      const float next_difference = next_with - next_without;
      above += next_difference > 0;
      below += next_difference < 0;
      momentum += next_difference;
      activation += next_with + next_without;
      magnitude += std::abs(next_with) + std::abs(next_without);
    }
    sums.above[i] += above;
    sums.below[i] += below;
    sums.momentum[i] += momentum;
    sums.activation[i] += activation;
    sums.magnitude[i] += magnitude;
  }
}

/// Adds `rows`, at most `group` pairs, at the units [begin, begin + count), count <= unit_block.
template <typename T>
AUSTEER_INLINE void add_group(const PairRows<T>& rows, const Sums& sums, std::int64_t begin,
                              std::int64_t count) {
  BlockSums block;
  for (std::int64_t pair = 0; pair < rows.pairs; pair += 2) {
    const T* positive = rows.positive + pair * rows.units + begin;
    const T* negative = rows.negative + pair * rows.units + begin;
    if (pair + 1 < rows.pairs) {
      add_pairs<true>(positive, negative, rows.units, count, block);
    } else {
      add_pairs<false>(positive, negative, rows.units, count, block);
    }
  }
  for (std::int64_t i = 0; i < count; ++i) sums.positive[begin + i] += block.above[i];
  for (std::int64_t i = 0; i < count; ++i) sums.negative[begin + i] += block.below[i];
  for (std::int64_t i = 0; i < count; ++i) sums.momentum[begin + i] += double{block.momentum[i]};
  for (std::int64_t i = 0; i < count; ++i) {
    sums.activation[begin + i] += double{block.activation[i]};
  }
  for (std::int64_t i = 0; i < count; ++i) sums.magnitude[begin + i] += double{block.magnitude[i]};
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
