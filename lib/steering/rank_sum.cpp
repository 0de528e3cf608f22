#include "steering/rank_sum.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>

#include "steering/unit_blocks.hpp"

namespace austeer {
namespace {

/// Activations that are held at a time, float32: 64 MiB.
constexpr std::int64_t held_activations = std::int64_t{1} << 24;

/// What the ranks of two samples say.
struct Comparison {
  std::int64_t twice_wins = 0;  ///< 2 * (second > first) + (second == first), over all their pairs
  double ties = 0;              ///< sum of t^3 - t over the runs of t equal numbers
};

/// Of two sorted samples.
Comparison compare_sorted(std::span<const float> first, std::span<const float> second) {
  Comparison result;
  auto a = first.begin();
  auto b = second.begin();
  while (a != first.end() || b != second.end()) {
    const bool from_first = b == second.end() || (a != first.end() && *a < *b);
    const float value = from_first ? *a : *b;
    const auto differs = [&](float other) { return other != value; };
    const auto end_a = std::find_if(a, first.end(), differs);
    const auto end_b = std::find_if(b, second.end(), differs);
    const std::int64_t lower = a - first.begin();
    result.twice_wins += (end_b - b) * (2 * lower + (end_a - a));
    const auto equal = static_cast<double>((end_a - a) + (end_b - b));
    result.ties += equal * equal * equal - equal;
    a = end_a;
    b = end_b;
  }
  return result;
}

double p_value_of(const Comparison& comparison, double pairs) {
  const double texts = 2 * pairs;
  const double variance =
      pairs * pairs / 12 * (texts + 1 - comparison.ties / (texts * (texts - 1)));
  if (!(variance > 0)) return 1;
  const double off = std::abs(static_cast<double>(comparison.twice_wins) - pairs * pairs) / 2;
  return std::erfc(off / std::sqrt(variance) / std::numbers::sqrt2);
}

/// Activations of the `count` units from `begin` on: of each those of all positive texts, then
/// those of all negative ones.
std::vector<float> texts_by_unit(const ActivationCache& cache, const std::string& key,
                                 std::int64_t pairs, std::int64_t begin, std::int64_t count) {
  std::vector<float> texts(static_cast<std::size_t>(count * 2 * pairs));
  for_each_shard(cache, key, [&](const auto& shard) {
    for_each_block(count, [&](std::int64_t first, std::int64_t units) {
      for (std::int64_t pair = 0; pair < shard.pairs; ++pair) {
        const auto* positive = shard.positive + pair * shard.units + begin + first;
        const auto* negative = shard.negative + pair * shard.units + begin + first;
        float* to = texts.data() + first * 2 * pairs + shard.first_pair + pair;
        for (std::int64_t i = 0; i < units; ++i, to += 2 * pairs) {
          to[0] = to_float(positive[i]);
          to[pairs] = to_float(negative[i]);
        }
      }
    });
  });
  return texts;
}

}  // namespace

RankSums rank_sums(const ActivationCache& cache, const std::string& key) {
  const CachedSite& site = paired_site(cache, key);
  const std::int64_t units = site.layers * site.width;
  const std::int64_t pairs = cache.description().pairs;
  const auto n = static_cast<double>(pairs);
  RankSums sums{std::vector<double>(static_cast<std::size_t>(units)),
                std::vector<double>(static_cast<std::size_t>(units))};
  const std::int64_t at_once = std::max(unit_block, held_activations / (2 * pairs));
  for (std::int64_t begin = 0; begin < units; begin += at_once) {
    const std::int64_t count = std::min(at_once, units - begin);
    std::vector<float> texts = texts_by_unit(cache, key, pairs, begin, count);
    at::parallel_for(0, count, 64, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t unit = first; unit < last; ++unit) {
        const auto size = static_cast<std::size_t>(pairs);
        const std::span<float> positive(texts.data() + unit * 2 * pairs, size);
        const std::span<float> negative(positive.data() + pairs, size);
        std::ranges::sort(positive);
        std::ranges::sort(negative);
        const Comparison comparison = compare_sorted(positive, negative);
        const auto place = static_cast<std::size_t>(begin + unit);
        sums.auroc[place] = static_cast<double>(comparison.twice_wins) / 2 / (n * n);
        sums.p_values[place] = p_value_of(comparison, n);
      }
    });
  }
  return sums;
}

}  // namespace austeer
