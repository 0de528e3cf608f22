#pragma once
// --plan and its companions: a file that is a ranking or a plan, and how to steer with it.

#include <filesystem>
#include <optional>

#include "engine/plan.hpp"
#include "steering/recipe.hpp"

namespace austeer {

struct PlanChoice {
  std::filesystem::path file = {};  ///< empty: do not steer
  PlanRecipe recipe = {};           ///< for a ranking alone
  std::filesystem::path save = {};  ///< where the plan is written; empty: nowhere
};

/// The plan to carry out, or nothing when no file is named. A ranking becomes a plan by the recipe;
/// a plan is taken as it is, and a recipe beside it is a UsageError. Throws FileError, FormatError,
/// and what plan_from_ranking() throws.
std::optional<Plan> load_plan_choice(const PlanChoice& choice);

}  // namespace austeer
