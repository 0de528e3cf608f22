#pragma once
// --plan and its companions: a file that is a ranking or a plan, and how to steer with it.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "engine/plan.hpp"
#include "steering/rules.hpp"

namespace austeer {

struct PlanChoice {
  std::filesystem::path file;     ///< empty: do not steer
  std::optional<std::int64_t> k;  ///< these four are for a ranking alone
  std::optional<double> alpha;
  std::optional<Rule> rule;
  std::optional<std::uint64_t> random_units;  ///< the seed of a control with random units
  std::filesystem::path save;                 ///< where the plan is written; empty: nowhere
};

/// What k, alpha and rule are when they are not given.
inline constexpr std::int64_t default_k = 16;
inline constexpr double default_alpha = 10;
inline constexpr Rule default_rule = Rule::scale;

/// The plan to carry out, or nothing when no file is named. A ranking becomes a plan by k, alpha,
/// rule and random_units; a plan is taken as it is, and any of these beside it are a UsageError.
/// Throws FileError, FormatError.
std::optional<Plan> load_plan_choice(const PlanChoice& choice);

}  // namespace austeer
