#include "steering/momentum.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <bit>
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"

// The kernel is plain loops over a block of units, which the compiler turns into vector code. It is
// compiled once per instruction set and chosen at run time, because a binary for every x86-64
// machine may otherwise use no more than 128-bit vectors.
#if defined(__x86_64__)
#define AUSTEER_INLINE [[gnu::always_inline]] inline
#else
#define AUSTEER_INLINE inline
#endif

namespace austeer {
namespace {

// Units that are summed at a time: the sums of a group (16 bytes a unit) stay in the first-level
// cache, and each row that is read is a run of 2 or 4 KiB. Many rows at once would be worse: they
// lie a power of two apart and throw each other out of the caches.
constexpr std::int64_t block = 1024;

// Pairs that are summed in float32 before the sum goes into a double. The error of such a sum is
// at most 7 * 2^-24 = 4.2e-7 of the sum of its |momenta|, and so is that of the whole sum, the
// additions in double being exact in comparison: mean momentum to 4.2e-7 of the mean |momentum|.
constexpr std::int64_t group = 8;

/// The activations of some pairs and where the sums of the same units lie.
template <typename T>
struct Rows {
  const T* positive;
  const T* negative;
  std::int64_t stride;  ///< units from one pair to the next
  std::int64_t pairs;
};

struct Sums {
  std::int32_t* positive;
  std::int32_t* negative;
  double* momentum;
  double* activation;
};

AUSTEER_INLINE float to_float(float x) { return x; }

AUSTEER_INLINE float to_float(at::BFloat16 x) {
  return std::bit_cast<float>(std::uint32_t{x.x} << 16);
}

/// c10's conversion branches, which keeps loops from becoming vector code. Exponent and fraction
/// moved to their places in float32 read as the value times 2^-112, subnormal ones included.
AUSTEER_INLINE float to_float(at::Half x) {
  const std::uint32_t magnitude = (std::uint32_t{x.x} & 0x7fffU) << 13;
  const float value = std::bit_cast<float>(magnitude) * 0x1p112F;
  const std::uint32_t not_finite = magnitude >= 0x0f800000U ? 0x7f800000U : 0U;
  const std::uint32_t sign = (std::uint32_t{x.x} & 0x8000U) << 16;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | not_finite | sign);
}

/// Adds up to `group` pairs of the units [begin, begin + count), count <= block.
template <typename T>
AUSTEER_INLINE void add_group(const Rows<T>& rows, const Sums& sums, std::int64_t begin,
                              std::int64_t count) {
  std::int32_t above[block] = {};
  std::int32_t below[block] = {};
  float momentum[block] = {};
  float activation[block] = {};
  for (std::int64_t pair = 0; pair < rows.pairs; ++pair) {
    const T* positive = rows.positive + pair * rows.stride + begin;
    const T* negative = rows.negative + pair * rows.stride + begin;
    for (std::int64_t i = 0; i < count; ++i) {
      const float with = to_float(positive[i]);
      const float without = to_float(negative[i]);
      const float difference = with - without;
      above[i] += difference > 0;
      below[i] += difference < 0;
      momentum[i] += difference;
      activation[i] += with + without;
    }
  }
  for (std::int64_t i = 0; i < count; ++i) sums.positive[begin + i] += above[i];
  for (std::int64_t i = 0; i < count; ++i) sums.negative[begin + i] += below[i];
  for (std::int64_t i = 0; i < count; ++i) sums.momentum[begin + i] += double{momentum[i]};
  for (std::int64_t i = 0; i < count; ++i) sums.activation[begin + i] += double{activation[i]};
}

template <typename T>
using Kernel = void (*)(const Rows<T>&, const Sums&, std::int64_t, std::int64_t);

template <typename T>
void add_group_plain(const Rows<T>& rows, const Sums& sums, std::int64_t begin,
                     std::int64_t count) {
  add_group(rows, sums, begin, count);
}

#if defined(__x86_64__)
template <typename T>
[[gnu::target("avx2")]] void add_group_avx2(const Rows<T>& rows, const Sums& sums,
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

/// Adds one shard's pairs, blocks of units in parallel.
template <typename T>
void add_shard(const SiteActivations& shard, const Sums& sums) {
  const std::int64_t pairs = shard.positive.size(0);
  const std::int64_t units = shard.positive.size(1) * shard.positive.size(2);
  const T* positive = shard.positive.const_data_ptr<T>();
  const T* negative = shard.negative.const_data_ptr<T>();
  const Kernel<T> add = kernel<T>();
  const auto add_blocks = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t begin = first * block; begin < std::min(units, last * block);
         begin += block) {
      const std::int64_t count = std::min(block, units - begin);
      for (std::int64_t pair = 0; pair < pairs; pair += group) {
        const Rows<T> rows{positive + pair * units, negative + pair * units, units,
                           std::min(group, pairs - pair)};
        add(rows, sums, begin, count);
      }
    }
  };
  at::parallel_for(0, (units + block - 1) / block, 1, add_blocks);
}

void add_shard(const SiteActivations& shard, const Sums& sums) {
  switch (shard.positive.scalar_type()) {
    case at::kFloat:
      return add_shard<float>(shard, sums);
    case at::kBFloat16:
      return add_shard<at::BFloat16>(shard, sums);
    case at::kHalf:
      return add_shard<at::Half>(shard, sums);
    default:
      throw UsageError("rank", "activations must be float32, bfloat16 or float16");
  }
}

/// One activation that is not finite leaves a sum that is not.
void check_finite(const MomentumSums& sums, const ActivationCache& cache, const CachedSite& site) {
  for (std::size_t unit = 0; unit < sums.activation.size(); ++unit) {
    if (std::isfinite(sums.momentum[unit]) && std::isfinite(sums.activation[unit])) continue;
    const auto index = static_cast<std::int64_t>(unit);
    throw ComputeError(
        "rank",
        fmt::format("{}: activations at site {}, layer {}, dim {} are not finite numbers, or too "
                    "large to add",
                    cache.path().string(), site.name, index / site.width, index % site.width),
        "The cache has been damaged since it was written; delete it and collect again");
  }
}

}  // namespace

MomentumSums sum_momenta(const ActivationCache& cache, const std::string& site) {
  const CachedSite& cached = cache.site(site);
  const auto units = static_cast<std::size_t>(cached.layers * cached.width);
  MomentumSums sums;
  sums.positive.resize(units);
  sums.negative.resize(units);
  sums.momentum.resize(units);
  sums.activation.resize(units);
  const Sums pointers{sums.positive.data(), sums.negative.data(), sums.momentum.data(),
                      sums.activation.data()};
  for (std::int64_t shard = 0; shard < cache.shards(site); ++shard) {
    if (shard + 1 < cache.shards(site)) cache.will_need(site, shard + 1);
    add_shard(cache.shard(site, shard), pointers);
  }
  check_finite(sums, cache, cached);
  return sums;
}

}  // namespace austeer
