#include "runs/plan_choice.hpp"

#include "steering/ranking.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {
namespace {

Plan read_plan(const PlanChoice& choice) {
  const bool is_ranking = SafetensorsFile(choice.file).has("beta");
  if (is_ranking) {
    return plan_from_ranking(load_ranking(choice.file), choice.k.value_or(default_k),
                             choice.alpha.value_or(default_alpha),
                             choice.rule.value_or(default_rule), choice.random_units);
  }
  if (choice.k || choice.alpha || choice.rule || choice.random_units) {
    throw UsageError("plan", choice.file.string() + " is a plan: its units and strengths are fixed",
                     "Leave out --k, --alpha, --rule and --random-units, or pass the ranking");
  }
  return load_plan(choice.file);
}

}  // namespace

std::optional<Plan> load_plan_choice(const PlanChoice& choice) {
  if (choice.file.empty()) return std::nullopt;
  Plan plan = read_plan(choice);
  if (!choice.save.empty()) save_plan(plan, choice.save);
  return plan;
}

}  // namespace austeer
