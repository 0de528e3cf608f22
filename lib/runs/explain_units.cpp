#include "runs/explain_units.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/paths.hpp"
#include "base/progress.hpp"
#include "engine/engine.hpp"
#include "runs/collect.hpp"
#include "runs/plan_choice.hpp"
#include "runs/prompts.hpp"
#include "runs/unit_probes.hpp"
#include "steering/assemble.hpp"
#include "tasks/task.hpp"

namespace austeer {

namespace {

std::optional<Task> task_of_cache(const std::string& name, const std::string& fingerprint) {
  const std::filesystem::path configs = project_folder("configs");
  if (!name.empty()) return load_task(name, configs);
  for (const std::string& known : task_names(configs)) {
    Task task = load_task(known, configs);
    if (task.fingerprint() == fingerprint) return task;
  }
  return std::nullopt;
}

std::string split_of_cache(const std::string& given, const CacheDescription& description) {
  const auto recorded = description.names.find("split");
  if (!given.empty()) return given;
  return recorded == description.names.end() ? "train" : recorded->second;
}

/// Of a task's pairs those that were to be collected first, without those that were dropped.
void keep_collected(std::vector<Pair>& pairs, const CacheDescription& description) {
  std::vector<std::int64_t> dropped;
  if (description.void_pairs.are_dropped) dropped = description.void_pairs.all();
  const auto wanted = static_cast<std::size_t>(description.pairs) + dropped.size();
  pairs.resize(std::min(pairs.size(), wanted));
  for (auto pair = dropped.rbegin(); pair != dropped.rend(); ++pair) {
    if (*pair < std::ssize(pairs)) pairs.erase(pairs.begin() + *pair);
  }
}

}  // namespace

CachedPairs pairs_of_cache(const ActivationCache& cache, const PairSource& source,
                           const RunOptions& run, const Model* model) {
  const CacheDescription& description = cache.description();
  const std::optional<Task> task = task_of_cache(source.task, description.fingerprints.at("task"));
  if (!task) {
    return {{},
            "the cache was collected for none of the tasks in configs/tasks/ as they are now: "
            "--pairs-task names another"};
  }
  const std::string split = split_of_cache(source.split, description);
  try {
    const std::filesystem::path folder = datasets_folder(run, task->config().dataset);
    std::vector<Pair> pairs = task->pairs(split, folder, nearest_by_meaning());
    keep_collected(pairs, description);
    if (model != nullptr) apply_chat(*task, *model, pairs);
    if (pairs_fingerprint(pairs) == description.fingerprints.at("pairs")) return {pairs, ""};
    return {
        {},
        fmt::format("the cache's pairs are not the first {} of the split {} of {} in {} (a study "
                    "may have left some out, or given them other wrong answers)",
                    description.pairs, split, task->name(), folder.string())};
  } catch (const Error& error) {
    return {{}, error.what()};
  }
}

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

// The explanation of units as JSON.

namespace {

Json explained_pairs_json(const std::vector<PairMomentum>& some, const std::vector<Pair>& texts) {
  Json json = Json::array();
  for (const auto& [pair, momentum] : some) {
    Json one = {{"pair", pair}, {"momentum", momentum}};
    if (!texts.empty()) {
      const Pair& text = texts[static_cast<std::size_t>(pair)];
      one.update({{"positive", text.positive}, {"negative", text.negative}});
    }
    json.push_back(std::move(one));
  }
  return json;
}

Json explained_unit_json(const ExplainedUnit& unit, const Explanation& explanation) {
  const RankedUnit& statistics = unit.statistics;
  Json json = {{"unit", unit_text(unit.name)},    {"score", statistics.score},
               {"value", statistics.value},       {"positive", statistics.positive},
               {"negative", statistics.negative}, {"mean_momentum", statistics.mean_momentum},
               {"p_value", statistics.p_value},   {"q_value", unit.q_value}};
  json.update(to_json(unit.tokens));
  if (explanation.pairs) {
    json["agreeing"] = explained_pairs_json(unit.pairs.agreeing, explanation.pairs->pairs);
    json["disagreeing"] = explained_pairs_json(unit.pairs.disagreeing, explanation.pairs->pairs);
  }
  return json;
}

}  // namespace

Json to_json(const Ranking& ranking, const Explanation& explanation) {
  Json json = {{"site", site_names(ranking)},
               {"pairs", ranking.pairs},
               {"all_units", ranking.units.size()},
               {"significant", significant_units(explanation.q_values)},
               {"false_discovery_rate", false_discovery_rate},
               {"smallest_p_value", explanation.smallest_p_value},
               {"smallest_by_chance", explanation.smallest_by_chance},
               {"units", Json::array()}};
  for (std::size_t i = 0; i < explanation.units.size(); ++i) {
    Json unit = explained_unit_json(explanation.units[i], explanation);
    if (explanation.effects) {
      const std::optional<double>& effect = explanation.effects->without[i];
      unit["left_out"] = effect ? Json(*effect) : Json(nullptr);
    }
    json["units"].push_back(std::move(unit));
  }
  if (explanation.pairs && !explanation.pairs->missing.empty()) {
    json["no_texts"] = explanation.pairs->missing;
  }
  if (explanation.effects) {
    json["effect"] = {{"prompts", explanation.effects->prompts},
                      {"plan", explanation.effects->plan}};
  }
  return json;
}

Json answer_json(const std::string& model, const Ranking& ranking, const Explanation& explanation) {
  Json answer = {{"model", model}};
  answer.update(to_json(ranking, explanation));
  return answer;
}

}  // namespace austeer
