#include "runs/explain_units.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "runs/plan_origin.hpp"
#include "steering/fdr.hpp"

namespace austeer {
namespace {

/// What needs no model.
struct PreparedExplanation {
  Explanation explanation;
  std::optional<ChosenPrompts> prompts;
  Plan plan;  ///< where there are prompts
};

void check_explainable(const Ranking& ranking, const ExplainOptions& options, bool has_prompts) {
  for (const RankedSite& site : ranking.sites) {
    if (site.group == 1) continue;
    throw UsageError({"[units] single units are explained", "a ranking of single units",
                      fmt::format("groups of {} at site {}", site.group, site_name(site.site)),
                      "`austeer units RANKING` lists them"});
  }
  if (options.top < 1 || options.pairs < 1) {
    throw UsageError("units", "at least one unit, and one pair of each kind, must be asked for");
  }
  if (!has_prompts && options.recipe != PlanRecipe{}) {
    throw UsageError("units", "k, alpha and the rule make a plan, but there is no prompt to steer",
                     "Give --prompt or --task");
  }
}

std::vector<RankedUnit> units_at_top(const Ranking& ranking, std::int64_t top) {
  const auto count = std::min(ranking.units.size(), static_cast<std::size_t>(top));
  return {ranking.units.begin(), ranking.units.begin() + static_cast<std::ptrdiff_t>(count)};
}

PreparedExplanation prepare_explanation(const Ranking& ranking, const ExplainOptions& options) {
  const bool has_prompts = !options.prompts.prompts.empty() || !options.prompts.task.empty();
  check_explainable(ranking, options, has_prompts);
  PreparedExplanation prepared;
  Explanation& explanation = prepared.explanation;
  explanation.q_values = q_values(ranking);
  explanation.smallest_p_value =
      std::ranges::min_element(ranking.units, {}, &RankedUnit::p_value)->p_value;
  explanation.smallest_by_chance = 1 / (static_cast<double>(ranking.units.size()) + 1);
  const std::vector<RankedUnit> units = units_at_top(ranking, options.top);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Site site = ranking.sites[static_cast<std::size_t>(units[i].site)].site;
    ExplainedUnit& unit = explanation.units.emplace_back();
    unit.name = {site, units[i].layer, units[i].dim};
    unit.statistics = units[i];
    unit.q_value = explanation.q_values[i];
  }
  if (!options.cache.empty()) {
    const ActivationCache cache(options.cache);
    const std::vector<UnitPairs> pairs = extreme_pairs(ranking, units, cache, options.pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) explanation.units[i].pairs = pairs[i];
  }
  if (has_prompts) {
    prepared.plan = plan_from_ranking(ranking, options.recipe);
    prepared.prompts = choose_prompts(options.prompts, options.run);
  }
  return prepared;
}

Explanation explain_prepared(PreparedExplanation prepared, const Ranking& ranking,
                             const ExplainOptions& options, const Model& model) {
  check_made_for(model, ranking.provenance, options.ranking, options.force);
  Explanation& explanation = prepared.explanation;
  std::vector<UnitName> names;
  for (const ExplainedUnit& unit : explanation.units) names.push_back(unit.name);
  const auto tokens = promoted_tokens(names, options.tokens, model);
  for (std::size_t i = 0; i < names.size(); ++i) explanation.units[i].tokens = tokens[i];
  if (!options.cache.empty()) {
    explanation.pairs =
        pairs_of_cache(ActivationCache(options.cache), options.source, options.run, &model);
  }
  if (prepared.prompts) {
    explanation.effects =
        left_out_effects(prepared.plan, names, prepared.prompts->texts(model), model);
  }
  return std::move(explanation);
}

}  // namespace

Explanation explain_units(const Ranking& ranking, const ExplainOptions& options) {
  PreparedExplanation prepared = prepare_explanation(ranking, options);
  return explain_prepared(std::move(prepared), ranking, options, open_model(options.run));
}

Explanation explain_units(const Ranking& ranking, const ExplainOptions& options,
                          const Model& model) {
  return explain_prepared(prepare_explanation(ranking, options), ranking, options, model);
}

}  // namespace austeer
