#pragma once
// Which pairs speak most for a unit, and which against it.

#include <cstdint>
#include <span>
#include <vector>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

struct PairMomentum {
  std::int64_t pair = 0;  ///< its place in the cache
  double momentum = 0;

  bool operator==(const PairMomentum&) const = default;
};

/// The pairs that move a unit in the direction of its value, and those that move it the other way,
/// each by descending size of the momentum, the earlier pair first among equals.
struct UnitPairs {
  std::vector<PairMomentum> agreeing;
  std::vector<PairMomentum> disagreeing;
};

/// Of each of `units`, which are the ranking's, at most `count` pairs of both kinds. A unit whose
/// value is 0 has the direction of its mean momentum. Reads `cache` once per site. Throws
/// UsageError for another cache than the one that was ranked.
std::vector<UnitPairs> extreme_pairs(const Ranking& ranking, std::span<const RankedUnit> units,
                                     const ActivationCache& cache, std::int64_t count);

}  // namespace austeer
