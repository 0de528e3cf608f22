#pragma once
// --plan and its companions: a file that is a ranking or a plan, and how to steer with it.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "engine/plan.hpp"
#include "steering/rules.hpp"

namespace austeer {

struct PlanChoice {
  std::filesystem::path file;  ///< empty: do not steer
  std::int64_t k = 16;
  double alpha = 10;
  Rule rule = Rule::scale;
};

/// The plan to carry out, or nothing when no file is named. A ranking becomes a plan by k, alpha
/// and rule; a plan is taken as it is. Throws FileError, FormatError, UsageError.
std::optional<Plan> load_plan_choice(const PlanChoice& choice);

}  // namespace austeer
