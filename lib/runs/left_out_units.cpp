#include "runs/left_out_units.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "engine/engine.hpp"
#include "runs/next_token.hpp"

namespace austeer {

std::optional<Plan> plan_without(const Plan& plan, const UnitName& unit) {
  Plan without{{}, plan.provenance};
  bool found = false;
  for (Edit edit : plan.edits) {
    const auto dim = std::ranges::lower_bound(edit.dims, unit.dim);
    if (edit.site == unit.site && edit.layer == unit.layer && dim != edit.dims.end() &&
        *dim == unit.dim) {
      const auto value = edit.values.begin() + (dim - edit.dims.begin());
      if (edit.operation == Operation::clamp) {
        found = found || *value != 0;
        *value = 0;
      } else {
        found = true;
        edit.values.erase(value);
        edit.dims.erase(dim);
      }
    }
    if (!edit.dims.empty()) without.edits.push_back(std::move(edit));
  }
  if (!found) return std::nullopt;
  return without;
}

LeftOutEffects left_out_effects(const Plan& plan, std::span<const UnitName> units,
                                std::span<const std::string> prompts, const Model& model) {
  if (prompts.empty()) throw UsageError("units", "no prompt is given");
  const c10::InferenceMode guard;
  const Engine engine(*model.decoder);
  LeftOutEffects effects;
  effects.prompts = static_cast<std::int64_t>(prompts.size());
  std::vector<std::optional<Plan>> plans;
  for (const UnitName& unit : units) {
    plans.push_back(plan_without(plan, unit));
    effects.without.push_back(plans.back() ? std::optional(0.0) : std::nullopt);
  }
  Progress progress("units explain", "prompts", effects.prompts);
  for (const std::string& prompt : prompts) {
    const Tokens tokens = model.tokenizer->encode(prompt);
    const auto steered_by = [&](const Plan& one, const std::string& what) {
      return next_token(engine, tokens, one, what, "Lower --alpha, or use --dtype float32");
    };
    const at::Tensor whole = steered_by(plan, "the plan");
    const auto distance = [&](const at::Tensor& other) {
      return kl_divergence(whole, other).item<double>() / static_cast<double>(prompts.size());
    };
    effects.plan += distance(steered_by({}, "no plan"));
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (!plans[i]) continue;
      *effects.without[i] +=
          distance(steered_by(*plans[i], "the plan without " + unit_text(units[i])));
    }
    progress.advance(1);
  }
  return effects;
}

}  // namespace austeer
