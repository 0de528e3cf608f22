#pragma once
// What the tests of the steering room share: caches made from tensors, and small rankings.

#include <ATen/ATen.h>
#include <filesystem>
#include <string>
#include <vector>

#include "cache/writer.hpp"
#include "steering/ranking.hpp"

namespace austeer::testing {

/// One site of a cache: its two tensors [pairs, layers, width].
struct SiteOfCache {
  std::string name;
  at::Tensor positive;
  at::Tensor negative;
  std::int64_t group = 1;
  ReadPositions positions = ReadPositions::last;
};

/// A finished cache with `sites` in shards of `pairs_per_shard`.
inline void write_cache(const std::filesystem::path& folder, const std::vector<SiteOfCache>& sites,
                        std::int64_t pairs_per_shard,
                        const std::vector<std::string>& classes = {}) {
  CacheDescription description;
  description.fingerprints = {
      {"model", "m1"}, {"tokenizer", "t1"}, {"task", "copa"}, {"template", "p1"}, {"pairs", "x1"}};
  Activations activations;
  for (const SiteOfCache& site : sites) {
    description.sites.push_back({.name = site.name,
                                 .layers = site.positive.size(1),
                                 .width = site.positive.size(2),
                                 .positions = site.positions,
                                 .group = site.group});
    activations[description.sites.back().key()] = {site.positive, site.negative};
    if (site.positions == ReadPositions::last) continue;
    const std::vector<std::int64_t> ones(static_cast<std::size_t>(site.positive.size(0)), 1);
    description.answer_tokens = {ones, ones};
  }
  description.dtype = sites.front().positive.scalar_type();
  description.pairs = sites.front().positive.size(0);
  description.pairs_per_shard = pairs_per_shard;
  description.answer_classes = classes;
  CacheWriter writer(folder, description);
  writer.append(activations);
  writer.finish();
}

/// A finished cache with the site `ffn` alone.
inline void write_cache(const std::filesystem::path& folder, const at::Tensor& positive,
                        const at::Tensor& negative, std::int64_t pairs_per_shard) {
  write_cache(folder, {{"ffn", positive, negative}}, pairs_per_shard);
}

/// Random activations of `pairs` pairs, 3 layers and the given width whose pairs lean to one side
/// or the other from unit to unit.
inline std::pair<at::Tensor, at::Tensor> leaning_activations(std::int64_t pairs, std::int64_t width,
                                                             std::uint64_t seed) {
  at::manual_seed(seed);
  const at::Tensor positive = at::randn({pairs, 3, width}) + at::randn({1, 3, width});
  return {positive, positive + at::randn({pairs, 3, width}) + 0.5 * at::randn({1, 3, width})};
}

/// Six units in two layers, 10 pairs: three that move up or down, two tied, one without a score.
/// Values are betas.
inline Ranking small_ranking() {
  Ranking ranking;
  ranking.sites = {{Site::ffn, 3, 1}};
  ranking.layers = 2;
  ranking.pairs = 10;
  ranking.method = "austeer";
  ranking.provenance = {{"cache_keys", {{"ffn", "k1"}}}};
  ranking.units = {{0, 1, 2, 0.9, 0.9, 9, 1, 0.5, 0.02, -2.0, 2.0},
                   {0, 0, 1, 0.8, -0.8, 2, 8, -0.1, 0.11, 3.0, 3.0},
                   {0, 1, 0, 0.8, 0.8, 8, 2, 0.2, 0.11, 1.0, 1.5},
                   {0, 0, 0, 0.5, 0.5, 5, 5, 0.0, 1.0, 0.0, 0.5},
                   {0, 0, 2, 0.3, 0.3, 3, 0, 0.001, 0.25, 0.1, 0.2},
                   {0, 1, 1, 0.0, 0.0, 0, 0, 0.0, 1.0, -1.0, 1.0}};
  return ranking;
}

/// Heads: `layers` layers of `heads` groups of two dims at the site attention. The i-th group of
/// the ranking has the score -i, the values 3 (i + 1) and -4 (i + 1) and the magnitude 1 + i / 100;
/// groups go through the layers in turn.
inline Ranking ranking_of_heads(std::int32_t layers, std::int32_t heads) {
  Ranking ranking;
  ranking.sites = {{Site::attention, 2 * heads, 2}};
  ranking.layers = layers;
  ranking.pairs = 10;
  ranking.method = "iti";
  ranking.rule = Rule::add;
  ranking.positions = Positions::from_last_prompt;
  for (std::int32_t i = 0; i < layers * heads; ++i) {
    for (std::int32_t j = 0; j < 2; ++j) {
      RankedUnit unit;
      unit.layer = i % layers;
      unit.dim = 2 * (i / layers) + j;
      unit.score = -i;
      unit.value = (j == 0 ? 3 : -4) * (i + 1);
      unit.magnitude = 1 + i / 100.0;
      ranking.units.push_back(unit);
    }
  }
  return ranking;
}

}  // namespace austeer::testing
