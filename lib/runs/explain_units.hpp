#pragma once
// What is known about the first units of a ranking: their statistics, the tokens that they promote,
// the pairs that speak for and against them, and what a plan loses without them.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "runs/cached_pairs.hpp"
#include "runs/left_out_units.hpp"
#include "runs/options.hpp"
#include "runs/promoted_tokens.hpp"
#include "runs/prompt_choice.hpp"
#include "steering/ranking.hpp"
#include "steering/recipe.hpp"
#include "steering/unit_pairs.hpp"

namespace austeer {

struct ExplainOptions {
  RunOptions run;
  std::filesystem::path ranking;  ///< opens messages
  bool force = false;             ///< also explain by a model that it was not made for
  std::int64_t top = 5;           ///< units
  std::int64_t tokens = 5;        ///< of each kind
  std::filesystem::path cache;    ///< that was ranked; empty: no pairs are looked at
  std::int64_t pairs = 2;         ///< of each kind
  PairSource source;              ///< of the pairs' texts
  PromptChoice prompts;           ///< none: no plan is carried out
  PlanRecipe recipe;              ///< of the plan that units are left out of
};

struct ExplainedUnit {
  UnitName name;
  RankedUnit statistics;
  double q_value = 1;
  PromotedTokens tokens;
  UnitPairs pairs;  ///< none without a cache
};

struct Explanation {
  std::vector<double> q_values;  ///< of all units, in ranking order
  double smallest_p_value = 1;   ///< of all units
  /// The mean of the smallest p-value of as many units that are all chance: 1 / (units + 1). Their
  /// p-values are then no smaller than uniform ones; units that move together have more.
  double smallest_by_chance = 1;
  std::vector<ExplainedUnit> units;
  std::optional<CachedPairs> pairs;       ///< the texts, where there is a cache
  std::optional<LeftOutEffects> effects;  ///< of the units in their order, where there are prompts
};

/// Explains the first units of `ranking`. Throws UsageError for a ranking of heads or layers, a
/// `top` below 1, another cache than the one that was ranked and a recipe without prompts; and what
/// check_made_for(), promoted_tokens(), plan_from_ranking() and left_out_effects() throw.
Explanation explain_units(const Ranking& ranking, const ExplainOptions& options);

/// The same with a model that is open already: options.run says no more than how it was opened.
Explanation explain_units(const Ranking& ranking, const ExplainOptions& options,
                          const Model& model);

/// {"site", "pairs", "all_units", "significant", "false_discovery_rate", "smallest_p_value",
/// "smallest_by_chance", "units": [{"unit", "score", "value", "positive", "negative",
/// "mean_momentum", "p_value", "q_value", "promoted", "demoted"}]}. With a cache each unit has
/// "agreeing" and "disagreeing": [{"pair", "momentum", "positive", "negative"}], the texts where
/// they are known; else "no_texts" says why. With prompts each has "left_out" (null outside the
/// plan), and "effect": {"prompts", "plan"} is the whole plan's; in nats.
Json to_json(const Ranking& ranking, const Explanation& explanation);

}  // namespace austeer
