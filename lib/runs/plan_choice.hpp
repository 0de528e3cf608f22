#pragma once
// --plan and its companions: a file that is a ranking or a plan, and how to steer with it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "engine/plan.hpp"
#include "steering/recipe.hpp"

namespace austeer {

/// All but `file` and `save` are for a ranking alone: what of a PlanRecipe was asked for.
struct PlanChoice {
  std::filesystem::path file = {};  ///< empty: do not steer
  std::optional<std::int64_t> k = {};
  std::optional<double> alpha = {};
  std::optional<Rule> rule = {};
  std::optional<Positions> positions = {};
  std::optional<std::int64_t> layer = {};
  std::vector<UnitName> units = {};
  std::optional<Control> control = {};
  std::optional<std::uint64_t> seed = {};  ///< of the control
  std::optional<double> suppress = {};     ///< share of the last units
  std::optional<double> factor = {};       ///< of the suppression
  std::filesystem::path save = {};         ///< where the plan is written; empty: nowhere
};

/// The plan to carry out, or nothing when no file is named. A ranking becomes a plan by the recipe
/// that the choice makes; a plan is taken as it is, and a recipe beside it is a UsageError, as are
/// parts of a recipe that would do nothing: a seed without a control, a factor without suppression,
/// k beside named units, k or alpha beside suppression. Throws FileError, FormatError, and what
/// plan_from_ranking() throws.
std::optional<Plan> load_plan_choice(const PlanChoice& choice);

}  // namespace austeer
