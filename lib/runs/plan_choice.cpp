#include "runs/plan_choice.hpp"

#include <algorithm>

#include "steering/ranking.hpp"

namespace austeer {
namespace {

bool has_recipe(const PlanChoice& choice) {
  return choice.k || choice.alpha || choice.rule || choice.positions || choice.layer ||
         !choice.units.empty() || choice.control || choice.seed || choice.suppress || choice.factor;
}

/// Throws for options that would silently do nothing.
void check_idle(const PlanChoice& choice) {
  const auto refuse = [](bool idle, const char* what) {
    if (idle) throw UsageError("plan", what);
  };
  refuse(choice.seed && !choice.control, "--seed is that of a --control");
  refuse(choice.seed && choice.control == Control::magnitude,
         "--control magnitude draws nothing: leave out --seed");
  refuse(choice.factor && !choice.suppress, "--factor says how far --suppress goes");
  refuse(choice.k && !choice.units.empty(), "--units names the units: leave out --k");
  refuse(choice.suppress && (choice.k || choice.alpha),
         "--suppress scales units by --factor: leave out --k and --alpha");
}

/// Vectors of whole layers are made to be added at one of them.
bool ranks_layers(const Ranking& ranking) {
  return std::ranges::all_of(ranking.sites,
                             [](const RankedSite& site) { return site.group == site.width; });
}

PlanRecipe recipe_of(const PlanChoice& choice, const Ranking& ranking) {
  check_idle(choice);
  PlanRecipe recipe;
  recipe.k = choice.k.value_or(ranks_layers(ranking) ? 1 : recipe.k);
  recipe.alpha = choice.alpha.value_or(recipe.alpha);
  recipe.rule = choice.rule;
  recipe.positions = choice.positions;
  recipe.layer = choice.layer;
  recipe.units = choice.units;
  recipe.control = choice.control;
  recipe.seed = choice.seed.value_or(recipe.seed);
  recipe.suppress_share = choice.suppress;
  recipe.suppress_factor = choice.factor.value_or(recipe.suppress_factor);
  return recipe;
}

Plan read_plan(const PlanChoice& choice) {
  if (is_ranking_file(choice.file)) {
    const Ranking ranking = load_ranking(choice.file);
    return plan_from_ranking(ranking, recipe_of(choice, ranking));
  }
  if (has_recipe(choice)) {
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
