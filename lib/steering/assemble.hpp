#pragma once
// From what a method says of the sites' groups to its ranking: ordering, the statistics of every
// unit, and where all of it comes from.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "steering/momentum.hpp"
#include "steering/ranking.hpp"

namespace austeer {

// Many units, many tests: what share of the units called significant are so by chance alone.

/// The share of false calls at which units are called significant.
inline constexpr double false_discovery_rate = 0.05;

/// The q-value of each unit, in ranking order: benjamini_hochberg of their p-values.
std::vector<double> q_values(const Ranking& ranking);

/// How many of these are significant at that rate.
std::int64_t significant_units(std::span<const double> q_values);

// Scores that count pairs are often equal; which of the equal ones are chosen is then a convention.

/// The groups that share the score of the last one chosen.
struct Ties {
  std::int64_t inside = 0;   ///< of those chosen
  std::int64_t outside = 0;  ///< of the others: left out by their layer and dim alone

  bool operator==(const Ties&) const = default;
};

/// The ties at the cut after the first `k` groups; none where nothing, or everything, is chosen.
Ties ties_at_cut(const Ranking& ranking, std::int64_t k);

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
  std::optional<double> alpha = {};
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
