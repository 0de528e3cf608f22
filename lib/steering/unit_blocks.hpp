#pragma once
// How the streaming passes of this room go over a cache: shard by shard, in the stored type, blocks
// of units in parallel. A pass only says what it adds up.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "cache/reader.hpp"

// A kernel is compiled once per instruction set and chosen at run time, because a binary for every
// x86-64 machine may otherwise use no more than 128-bit vectors. What it calls must be inlined.
#if defined(__x86_64__)
#define AUSTEER_INLINE [[gnu::always_inline]] inline
#else
#define AUSTEER_INLINE inline
#endif

namespace austeer {

/// Units that are summed at a time: the sums of a group of pairs (a few bytes a unit) stay in the
/// first-level cache, and each row that is read is a run of 2 or 4 KiB. Many rows at once would be
/// worse: they lie a power of two apart and throw each other out of the caches.
inline constexpr std::int64_t unit_block = 1024;

/// The activations of some consecutive pairs: unit `u` of pair `p` is at positive[p * units + u].
template <typename T>
struct PairRows {
  const T* positive;
  const T* negative;
  std::int64_t units;  ///< of a pair: layers * width
  std::int64_t pairs;
  std::int64_t first_pair;  ///< the place of the first in the cache
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

/// The cached site `key` where it has one activation per unit of every layer and pair. Throws
/// UsageError for any other, and for one that is not there.
inline const CachedSite& paired_site(const ActivationCache& cache, const std::string& key) {
  const CachedSite& site = cache.site(key);
  if (site.has_token_rows() || !site.only.empty()) {
    throw UsageError("rank",
                     cache.path().string() + ": the site " + key +
                         " holds single tokens or some layers only: its units cannot be ranked");
  }
  return site;
}

/// Calls `action(PairRows<T>)` for each shard of the cached site `key`, in order, T being the type
/// in which it is stored.
template <typename Action>
void for_each_shard(const ActivationCache& cache, const std::string& key, const Action& action) {
  std::int64_t first_pair = 0;
  for (std::int64_t index = 0; index < cache.shards(key); ++index) {
    if (index + 1 < cache.shards(key)) cache.will_need(key, index + 1);
    const SiteActivations shard = cache.shard(key, index);
    const std::int64_t pairs = shard.positive.size(0);
    const std::int64_t units = shard.positive.size(1) * shard.positive.size(2);
    const auto run = [&]<typename T>(const T* positive, const T* negative) {
      action(PairRows<T>{positive, negative, units, pairs, first_pair});
    };
    switch (shard.positive.scalar_type()) {
      case at::kFloat:
        run(shard.positive.const_data_ptr<float>(), shard.negative.const_data_ptr<float>());
        break;
      case at::kBFloat16:
        run(shard.positive.const_data_ptr<at::BFloat16>(),
            shard.negative.const_data_ptr<at::BFloat16>());
        break;
      case at::kHalf:
        run(shard.positive.const_data_ptr<at::Half>(), shard.negative.const_data_ptr<at::Half>());
        break;
      default:
        throw UsageError("rank", "activations must be float32, bfloat16 or float16");
    }
    first_pair += pairs;
  }
}

/// Calls `action(begin, count)` for each block of `units`, in parallel.
template <typename Action>
void for_each_block(std::int64_t units, const Action& action) {
  at::parallel_for(0, (units + unit_block - 1) / unit_block, 1,
                   [&](std::int64_t first, std::int64_t last) {
                     for (std::int64_t block = first; block < last; ++block) {
                       const std::int64_t begin = block * unit_block;
                       action(begin, std::min(unit_block, units - begin));
                     }
                   });
}

}  // namespace austeer
