#include "runs/plan_choice.hpp"

#include "steering/ranking.hpp"

namespace austeer {
namespace {

Plan read_plan(const PlanChoice& choice) {
  if (is_ranking_file(choice.file)) {
    return plan_from_ranking(load_ranking(choice.file), choice.recipe);
  }
  if (choice.recipe != PlanRecipe{}) {
    throw UsageError("plan", choice.file.string() + " is a plan: its units and strengths are fixed",
                     "Leave out --k, --alpha and the others that make a plan of a ranking, or pass "
                     "the ranking");
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
