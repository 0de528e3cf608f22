#pragma once
// collect: a task's pairs through the model, their last-token activations into a cache on disk.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/site.hpp"
#include "runs/options.hpp"

namespace austeer {

struct CollectOptions {
  RunOptions run;
  std::string task;
  std::string split = "train";
  std::int64_t pairs = 1000;  ///< at most; the first ones of the split (paper: 1,000)
  std::vector<Site> sites = {paper_sites.begin(), paper_sites.end()};
  std::int64_t max_tokens = 512;  ///< longer texts lose their end (paper section 3)
  std::int64_t shard_pairs = 0;   ///< pairs per shard; 0: as many as make about 32 MiB
  std::filesystem::path out;
};

struct CollectReport {
  std::int64_t pairs = 0;          ///< in the finished cache
  std::int64_t resumed_pairs = 0;  ///< of those, found finished on disk
  std::int64_t texts = 0;          ///< run through the model this time, two per pair
  std::int64_t tokens = 0;         ///< of those texts
  double seconds = 0;              ///< model and disk, without loading and tokenising
};

/// Collects, or continues what an earlier run left at `out`: batches never cross a shard, so that
/// a resumed cache has the bytes of an undisturbed one. Throws what CacheWriter, Task and the
/// model throw.
CollectReport collect(const CollectOptions& options);

}  // namespace austeer
