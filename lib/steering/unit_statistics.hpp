#pragma once
// What some options ask of a cache beyond the sums of momentum.hpp, each by a pass of its own, so
// that those who do not ask do not pay.

#include <ATen/ATen.h>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

/// Of one number of each unit over all pairs, in float64: the values of a NumPy computation.
struct UnitMoments {
  std::vector<double> sum;
  std::vector<double> mean;
  std::vector<double> deviation;  ///< population standard deviation; exactly 0 where all are equal
};

/// Each of these throws UsageError for a site as sum_momenta does. Activations must be finite.
UnitMoments momentum_moments(const ActivationCache& cache, const std::string& key);

/// |mean| over the deviation; 0 where there is none.
std::vector<double> effects(const UnitMoments& moments);

/// Of the activations of the positive and of the negative texts.
struct SideMoments {
  UnitMoments positive;
  UnitMoments negative;
};

SideMoments side_moments(const ActivationCache& cache, const std::string& key);

/// Per unit the larger share of all texts, positive and negative ones, in which its activation is
/// above 0, or below.
std::vector<double> sign_shares(const ActivationCache& cache, const std::string& key);

/// The pairs of one class of the right answer, and per unit how many of them have a momentum above
/// 0 and below.
struct ClassCounts {
  std::int64_t pairs = 0;
  std::vector<std::int32_t> positive;
  std::vector<std::int32_t> negative;
};

/// The places of the pairs of each class, ascending, the classes in the order of their names.
/// Throws UsageError where the cache has no answer classes.
std::vector<std::vector<std::int64_t>> pairs_by_class(const ActivationCache& cache);

/// The counts of each class, in the order of pairs_by_class. Throws as that does.
std::vector<ClassCounts> class_counts(const ActivationCache& cache, const std::string& key);

/// The sign of each momentum, -1, 0 or 1: int8 [pairs, layers * width].
at::Tensor momentum_signs(const ActivationCache& cache, const std::string& key);

/// The momenta of some units, by their indices layer * width + dim, in all pairs: float32 [units,
/// pairs], each row contiguous.
at::Tensor unit_momenta(const ActivationCache& cache, const std::string& key,
                        std::span<const std::int64_t> units);

// Which pairs speak most for a unit, and which against it.

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
