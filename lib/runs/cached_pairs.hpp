#pragma once
// The texts behind a cache's activations, which it does not keep, made again from the task.

#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "runs/options.hpp"
#include "tasks/item.hpp"

namespace austeer {

/// Where a cache's pairs came from, as `collect` was told.
struct PairSource {
  std::string task = {};   ///< "": the one in configs/tasks/ with the cache's fingerprint
  std::string split = {};  ///< whose first pairs they are; "": as the cache has it, else "train"
};

struct CachedPairs {
  std::vector<Pair> pairs;  ///< all of the cache's, in order; empty where they cannot be had
  std::string missing;      ///< why not, in a sentence; "" where they are there
};

/// The pairs of `cache`: only those with the very texts of which it holds the fingerprint, which
/// those of a task in chat have through `model` alone. Throws what load_task throws for a task that
/// is named; all else that fails is told in `missing`.
CachedPairs pairs_of_cache(const ActivationCache& cache, const PairSource& source,
                           const RunOptions& run, const Model* model = nullptr);

}  // namespace austeer
