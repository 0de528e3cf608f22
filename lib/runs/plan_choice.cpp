#include "runs/plan_choice.hpp"

#include "steering/ranking.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {

std::optional<Plan> load_plan_choice(const PlanChoice& choice) {
  if (choice.file.empty()) return std::nullopt;
  const bool is_ranking = SafetensorsFile(choice.file).has("beta");
  if (!is_ranking) return load_plan(choice.file);
  return plan_from_ranking(load_ranking(choice.file), choice.k, choice.alpha, choice.rule);
}

}  // namespace austeer
