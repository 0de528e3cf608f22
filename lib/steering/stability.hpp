#pragma once
// Would other pairs have given the same top units? The units are ranked again on bootstrap samples
// of the cache's pairs, and on halves of them.

#include <cstdint>
#include <optional>
#include <vector>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

struct StabilityOptions {
  std::int64_t k = 16;           ///< units at the top
  std::int64_t resamples = 200;  ///< bootstrap samples, and splits into halves
  std::uint64_t seed = 0;
};

/// How much of the top k is the pairs' doing.
struct Stability {
  StabilityOptions options;
  /// Mean share of the ranking's top k that is in the top k of a bootstrap sample. A sample has 63
  /// % of the cache's pairs in it, so some of the top stays even where all of it is chance.
  double kept = 0;
  /// Of each of the top k, in ranking order: the share of samples in whose top k it is.
  std::vector<double> unit_kept;
  /// Mean share that the top k of two random halves of the pairs have in common. The halves are
  /// independent of each other: where all is chance, this is `chance`.
  double half_overlap = 0;
  double chance = 0;  ///< k / units: the share that two random choices have in common
};

/// The stability of the top of `ranking`, made of `cache` by the method austeer with the score
/// momentum or stratified. Pairs are drawn within the answer classes where these stratify the
/// score; scores and the order of equal ones are the method's own. The same seed gives the same
/// numbers on every machine. Holds a byte for each pair and unit. Sources: Efron & Tibshirani
/// (1993); the overlap of selections as in Kalousis, Prados & Hilario (2007). Throws UsageError for
/// another score or cache, a k that is not from 1 to the number of units, resamples < 1, and where
/// there is a single pair to split (of a class).
Stability top_stability(const Ranking& ranking, const ActivationCache& cache,
                        const StabilityOptions& options);

/// {"k", "resamples", "seed", "kept", "half_overlap", "chance", "ties": {"inside", "outside"},
/// "units": [{"layer", "dim", "kept"}]}, each unit with its "site" where there are several.
Json to_json(const Ranking& ranking, const Stability& stability);

/// As answer_json() of a ranking, with "stability" where there is one.
Json answer_json(const Ranking& ranking, std::int64_t top,
                 const std::optional<Stability>& stability);

}  // namespace austeer
