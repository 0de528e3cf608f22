#pragma once
// What the tests of the steering room share: caches made from two tensors, and small rankings.

#include <ATen/ATen.h>
#include <filesystem>

#include "cache/writer.hpp"
#include "steering/ranking.hpp"

namespace austeer::testing {

/// A finished cache with the site `ffn` that holds `positive` and `negative` [pairs, layers, width]
/// in shards of `pairs_per_shard`.
inline void write_cache(const std::filesystem::path& folder, const at::Tensor& positive,
                        const at::Tensor& negative, std::int64_t pairs_per_shard) {
  CacheDescription description;
  description.fingerprints = {
      {"model", "m1"}, {"tokenizer", "t1"}, {"task", "copa"}, {"template", "p1"}, {"pairs", "x1"}};
  description.sites = {{"ffn", positive.size(1), positive.size(2)}};
  description.dtype = positive.scalar_type();
  description.pairs = positive.size(0);
  description.pairs_per_shard = pairs_per_shard;
  CacheWriter writer(folder, description);
  writer.append({{"ffn", {positive, negative}}});
  writer.finish();
}

/// Six units in two layers, 10 pairs: three that move up or down, two tied, one without a score.
inline Ranking small_ranking() {
  Ranking ranking;
  ranking.site = Site::ffn;
  ranking.layers = 2;
  ranking.width = 3;
  ranking.pairs = 10;
  ranking.method = "austeer";
  ranking.provenance = {{"cache_key", "k1"}};
  ranking.units = {{1, 2, 9, 1, 0.9, 0.5, 0.02, -2.0},  {0, 1, 2, 8, -0.8, -0.1, 0.11, 3.0},
                   {1, 0, 8, 2, 0.8, 0.2, 0.11, 1.0},   {0, 0, 5, 5, 0.5, 0.0, 1.0, 0.0},
                   {0, 2, 3, 0, 0.3, 0.001, 0.25, 0.1}, {1, 1, 0, 0, 0.0, 0.0, 1.0, -1.0}};
  return ranking;
}

}  // namespace austeer::testing
