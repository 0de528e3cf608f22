#pragma once
// What is known about the first units of a ranking: their statistics, the tokens that they promote,
// the pairs that speak for and against them, and what a plan loses without them.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cache/reader.hpp"
#include "models/load.hpp"
#include "plans/plan.hpp"
#include "plans/units.hpp"
#include "runs/options.hpp"
#include "runs/prompts.hpp"
#include "runs/unit_probes.hpp"
#include "steering/ranking.hpp"
#include "steering/recipe.hpp"
#include "steering/unit_statistics.hpp"
#include "tasks/dataset.hpp"

namespace austeer {

// The texts behind a cache's activations, which it does not keep, made again from the task.

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

// What single units contribute to a plan: how far the next token's distribution moves when a unit
// is left out of it.

/// `plan` without the edits of `unit`, which names its site; where the plan clamps, the unit is
/// clamped to what it is unsteered. Nothing where the plan does not edit the unit.
std::optional<Plan> plan_without(const Plan& plan, const UnitName& unit);

/// Divergences KL(P || Q), means over the prompts, in nats; P is the distribution of the token that
/// follows the prompt under the plan.
struct LeftOutEffects {
  std::int64_t prompts = 0;
  double plan = 0;  ///< Q unsteered: the whole plan's effect
  /// Of each unit: Q under the plan without it. Nothing for those that the plan does not edit.
  std::vector<std::optional<double>> without;
};

/// The effects of leaving out each of `units`, one at a time: for each prompt a pass with the plan,
/// one unsteered and one per unit that it edits. Softmax and divergences are computed in float64.
/// Throws UsageError where there is no prompt, for a plan that is not the model's and for prompts
/// that the engine refuses; ComputeError for logits that are not finite.
LeftOutEffects left_out_effects(const Plan& plan, std::span<const UnitName> units,
                                std::span<const std::string> prompts, const Model& model);

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

/// The same, with the model's name.
Json answer_json(const std::string& model, const Ranking& ranking, const Explanation& explanation);

}  // namespace austeer
