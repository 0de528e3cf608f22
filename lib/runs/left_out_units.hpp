#pragma once
// What single units contribute to a plan: how far the next token's distribution moves when a unit
// is left out of it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/load.hpp"
#include "plans/plan.hpp"
#include "plans/unit_name.hpp"

namespace austeer {

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

}  // namespace austeer
