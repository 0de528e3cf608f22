#include "runs/plan_choice.hpp"

#include "base/version.hpp"
#include "steering/ranking.hpp"

namespace austeer {
namespace {

std::variant<Ranking, Plan> read_ranking_or_plan(const std::filesystem::path& file) {
  if (is_ranking_file(file)) return load_ranking(file);
  return load_plan(file);
}

}  // namespace

PlanSource::PlanSource(const std::filesystem::path& file)
    : file_(file), content_(read_ranking_or_plan(file)) {}

Plan PlanSource::plan(const PlanRecipe& recipe) const {
  if (const Ranking* ranking = std::get_if<Ranking>(&content_)) {
    Plan plan = plan_from_ranking(*ranking, recipe);
    plan.provenance["austeer"] = full_version();
    return plan;
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
