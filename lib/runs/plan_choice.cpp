#include "runs/plan_choice.hpp"

#include "base/version.hpp"
#include "exports/foreign_plan.hpp"
#include "steering/ranking.hpp"

namespace austeer {
PlanSource::PlanSource(const std::filesystem::path& file) : file_(file) {
  if (std::optional<Plan> vectors = read_foreign_plan(file)) {
    content_ = std::move(*vectors);
    foreign_ = true;
  } else if (is_ranking_file(file)) {
    content_ = load_ranking(file);
  } else {
    content_ = load_plan(file);
  }
}

Plan PlanSource::plan(const PlanRecipe& recipe) const {
  if (const Ranking* ranking = std::get_if<Ranking>(&content_)) {
    Plan plan = plan_from_ranking(*ranking, recipe);
    plan.provenance["austeer"] = full_version();
    return plan;
  }
  if (foreign_) {
    PlanRecipe others = recipe;
    others.alpha.reset();
    if (others != PlanRecipe{}) {
      throw UsageError("plan",
                       file_.string() + " holds another program's vectors: their units are fixed",
                       "Choose their strength with --alpha, and leave out --k, --rule and the "
                       "others that choose units of a ranking");
    }
    return strengthened(std::get<Plan>(content_), recipe.alpha.value_or(1));
  }
  if (recipe != PlanRecipe{}) {
    throw UsageError("plan", file_.string() + " is a plan: its units and strengths are fixed",
                     "Leave out --k, --alpha and the others that make a plan of a ranking, or pass "
                     "the ranking");
  }
  return std::get<Plan>(content_);
}

std::optional<Plan> load_plan_choice(const PlanChoice& choice) {
  if (choice.file.empty()) return std::nullopt;
  Plan plan = PlanSource(choice.file).plan(choice.recipe);
  if (!choice.save.empty()) save_plan(plan, choice.save);
  return plan;
}

}  // namespace austeer
