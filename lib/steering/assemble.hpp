#pragma once
// From what a method says of the sites' groups to its ranking: ordering, the statistics of every
// unit, and where all of it comes from.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "steering/momentum.hpp"
#include "steering/ranking.hpp"

namespace austeer {

/// One site as a method sees it. Units have the index layer * width + dim.
struct ScoredSite {
  std::string key;                    ///< of the cached site that the activations come from
  std::int64_t group = 1;             ///< dims that are chosen together
  MomentumSums sums;                  ///< of all units
  std::vector<double> scores;         ///< one per group: that of unit u has the index u / group
  std::vector<double> values;         ///< one per unit
  std::vector<double> p_values = {};  ///< one per unit; none: by the sign test of the sums
};

/// How a plan made of a ranking edits unless it is told otherwise.
struct PlanDefaults {
  Rule rule = Rule::scale;
  Positions positions = Positions::all;
};

/// The ranking of `sites`, at least one and each another site of the model.
Ranking assemble_ranking(const ActivationCache& cache, const std::string& method,
                         const Json& options, const PlanDefaults& defaults,
                         std::span<const ScoredSite> sites);

/// The key of the only site that was named. Throws UsageError for several or none, for methods that
/// rank one.
std::string only_site(const std::string& method, std::span<const std::string> sites);

/// The activations of one layer at the cached site `key`, over all pairs: two float32 matrices
/// [N, D]. Throws UsageError as sum_momenta does.
SiteActivations layer_activations(const ActivationCache& cache, const std::string& key,
                                  std::int64_t layer);

}  // namespace austeer
