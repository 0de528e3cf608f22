#include "steering/recipe.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "base/error.hpp"

namespace austeer {
namespace {

/// (site, layer) -> dim -> value: all come out ascending, as the engine wants them.
using UnitValues = std::map<std::pair<Site, std::int64_t>, std::map<std::int64_t, float>>;

[[noreturn]] void refuse_recipe(const std::string& what, const std::string& hint = "") {
  throw UsageError("plan", what, hint);
}

void check_suppression(const PlanRecipe& recipe) {
  if (!(*recipe.suppress_share >= 0 && *recipe.suppress_share <= 1)) {
    throw UsageError({"[plan] the share of units to suppress is out of range", "0 to 1",
                      fmt::format("{}", *recipe.suppress_share), ""});
  }
  if (!std::isfinite(static_cast<float>(recipe.suppress_factor.value_or(0)))) {
    refuse_recipe("the factor of suppression is not a number");
  }
  const PlanRecipe suppression{.positions = recipe.positions,
                               .suppress_share = recipe.suppress_share,
                               .suppress_factor = recipe.suppress_factor};
  if (recipe != suppression) {
    refuse_recipe(
        "suppression takes the last units of the whole ranking and scales them by its factor",
        "Leave out k, alpha, the rule, layer, units and control");
  }
}

/// Throws for what would silently do nothing.
void check_idle(const PlanRecipe& recipe) {
  if (recipe.suppress_factor)
    refuse_recipe("the factor says how far suppression goes: there is none");
  if (recipe.seed && !recipe.control) refuse_recipe("the seed is that of a control: there is none");
  if (recipe.seed && recipe.control == Control::magnitude) {
    refuse_recipe("the control magnitude draws nothing: leave out the seed");
  }
  if (recipe.k && !recipe.units.empty()) refuse_recipe("units are named: leave out k");
  if (recipe.layer && !recipe.units.empty()) {
    refuse_recipe("units are named with their layers: a layer beside them chooses nothing");
  }
}

/// Whether a rule puts something in place of an activation, whatever a unit's value.
bool knocks_out(Rule rule) { return rule == Rule::zero || rule == Rule::mean; }

void check_knock_out(Rule rule, const PlanRecipe& recipe) {
  if (recipe.alpha) {
    refuse_recipe(fmt::format("the rule {} has no strength", enum_name(rule)), "Leave out alpha");
  }
  if (recipe.control == Control::direction) {
    refuse_recipe(fmt::format("the rule {} has no direction: the control direction would be the "
                              "plan itself",
                              enum_name(rule)),
                  "Take another control");
  }
}

void check_transport(const PlanRecipe& recipe) {
  if (recipe.alpha && !(*recipe.alpha >= 0 && *recipe.alpha <= 1)) {
    throw UsageError({"[plan] the strength of the rule transport is out of range", "0 to 1",
                      fmt::format("{}", *recipe.alpha), ""});
  }
  const auto control = recipe.control;
  if (control && control != Control::random_own && control != Control::layer) {
    refuse_recipe(fmt::format("the control {} changes units' values, and a transport map is its "
                              "unit's alone",
                              enum_name(*control)),
                  "Take random_own or layer");
  }
}

void check_rule(const Ranking& ranking, const PlanRecipe& recipe) {
  const Rule rule = recipe.rule.value_or(ranking.rule);
  if (knocks_out(rule)) return check_knock_out(rule, recipe);
  if (rule == Rule::clamp &&
      recipe.positions.value_or(Positions::last_prompt) != Positions::last_prompt) {
    refuse_recipe("the rule clamp acts at the positions last_prompt alone");
  }
  if (rule != Rule::transport && ranking.rule == Rule::transport) {
    refuse_recipe(fmt::format("the values of this ranking are transport maps, which the rule {} "
                              "cannot carry out",
                              enum_name(rule)),
                  "Leave out the rule, or rank with --set value=scale");
  }
  if (rule == Rule::transport && ranking.rule != Rule::transport) {
    refuse_recipe("the values of this ranking are no transport maps",
                  "Rank with --set value=transport");
  }
  if (rule == Rule::transport) check_transport(recipe);
}

void check_recipe(const Ranking& ranking, const PlanRecipe& recipe) {
  if (recipe.suppress_share) return check_suppression(recipe);
  check_idle(recipe);
  if (recipe.k && *recipe.k < 1) {
    throw UsageError({fmt::format("[plan] k = {} steers nothing", *recipe.k), "k >= 1", "", ""});
  }
  if (recipe.alpha && !std::isfinite(*recipe.alpha)) {
    throw UsageError(
        {"[plan] alpha is not a number", "a finite value", fmt::format("{}", *recipe.alpha), ""});
  }
  if (recipe.layer && (*recipe.layer < 0 || *recipe.layer >= ranking.layers)) {
    throw UsageError({"[plan] no such layer", fmt::format("0 to {}", ranking.layers - 1),
                      std::to_string(*recipe.layer), ""});
  }
  check_rule(ranking, recipe);
}

/// Vectors of whole layers are made to be added at one of them.
std::int64_t usual_k(const Ranking& ranking) {
  const bool ranks_layers = std::ranges::all_of(
      ranking.sites, [](const RankedSite& site) { return site.group == site.width; });
  return ranks_layers ? 1 : default_k;
}

/// A checked recipe with every value that its plan depends on.
PlanRecipe resolved(const Ranking& ranking, PlanRecipe recipe) {
  if (recipe.suppress_share) {
    recipe.suppress_factor = recipe.suppress_factor.value_or(default_suppress_factor);
    recipe.positions = recipe.positions.value_or(ranking.positions);
    return recipe;
  }
  if (recipe.units.empty()) recipe.k = recipe.k.value_or(usual_k(ranking));
  recipe.rule = recipe.rule.value_or(ranking.rule);
  if (!knocks_out(*recipe.rule)) {
    recipe.alpha = recipe.alpha.value_or(ranking.alpha.value_or(default_alpha));
  }
  recipe.positions = recipe.positions.value_or(recipe.rule == Rule::clamp ? Positions::last_prompt
                                                                          : ranking.positions);
  if (recipe.control) recipe.seed = recipe.seed.value_or(0);
  return recipe;
}

bool has_value(UnitGroup group) {
  return std::ranges::any_of(group, [](const RankedUnit& unit) { return unit.value != 0; });
}

/// The groups among which is chosen: the ranking's, or where units are named each unit by itself.
std::vector<UnitGroup> groups_for(const Ranking& ranking, const PlanRecipe& recipe) {
  if (recipe.units.empty()) return groups_of(ranking);
  std::vector<UnitGroup> groups;
  for (const RankedUnit& unit : ranking.units) groups.emplace_back(&unit, 1);
  return groups;
}

/// The first k groups with a value, of one layer where that is given.
std::vector<ChosenGroup> first_groups(std::span<const UnitGroup> groups, std::int64_t k,
                                      std::optional<std::int64_t> layer) {
  std::vector<ChosenGroup> chosen;
  for (const UnitGroup& group : groups) {
    if (static_cast<std::int64_t>(chosen.size()) == k) break;
    if (layer && group.front().layer != *layer) continue;
    if (has_value(group)) chosen.emplace_back(group.begin(), group.end());
  }
  if (chosen.empty()) {
    refuse_recipe(
        layer ? fmt::format("no unit of layer {} has a value in this ranking: nothing would be "
                            "steered",
                            *layer)
              : "no unit of this ranking has a value: nothing would be steered");
  }
  return chosen;
}

/// The index of the named unit's site in the ranking.
std::int32_t site_of(const Ranking& ranking, const UnitName& name) {
  for (std::size_t i = 0; i < ranking.sites.size(); ++i) {
    if (name.site ? *name.site == ranking.sites[i].site : ranking.sites.size() == 1) {
      return static_cast<std::int32_t>(i);
    }
  }
  refuse_recipe(fmt::format("the unit {} is of no site of the ranking, which has {}",
                            unit_text(name), site_names(ranking)),
                name.site ? "" : "Name the site too: SITE:LAYER:DIM");
}

std::vector<ChosenGroup> named_units(const Ranking& ranking, const std::vector<UnitName>& names) {
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, const RankedUnit*> units;
  for (const RankedUnit& unit : ranking.units) units[{unit.site, unit.layer, unit.dim}] = &unit;
  std::set<const RankedUnit*> seen;
  std::vector<ChosenGroup> chosen;
  for (const UnitName& name : names) {
    const auto found = units.find({site_of(ranking, name), name.layer, name.dim});
    if (found == units.end()) refuse_recipe(fmt::format("there is no unit {}", unit_text(name)));
    if (!seen.insert(found->second).second) {
      refuse_recipe(fmt::format("the unit {} is named twice", unit_text(name)));
    }
    if (found->second->value == 0) {
      refuse_recipe(
          fmt::format("the unit {} has no value: it would not be edited", unit_text(name)));
    }
    chosen.push_back({*found->second});
  }
  return chosen;
}

/// The operations by which a rule is carried out, one after the other.
std::span<const Operation> operations_of(Rule rule) {
  static constexpr std::array scale = {Operation::scale};
  static constexpr std::array directed = {Operation::directed};
  static constexpr std::array add = {Operation::add};
  static constexpr std::array clamp = {Operation::clamp};
  static constexpr std::array set = {Operation::set};
  static constexpr std::array affine = {Operation::scale, Operation::add};
  switch (rule) {
    case Rule::scale:
    case Rule::oriented:
      return scale;
    case Rule::directed:
      return directed;
    case Rule::add:
      return add;
    case Rule::clamp:
      return clamp;
    case Rule::transport:
      return affine;
    case Rule::zero:
    case Rule::mean:
      return set;
  }
  return scale;
}

/// What a unit's transport map adds to the activation that it has multiplied: b.
double transport_shift(const RankedUnit& unit) {
  const double negative_mean = unit.mean_activation - unit.mean_momentum / 2;
  return unit.mean_momentum - unit.value * negative_mean;
}

/// The value of a unit in the edit by `operation`, one of the rule's. Rules that have no strength
/// ignore `alpha`.
float value_of(const RankedUnit& unit, double alpha, Rule rule, Operation operation) {
  double value = alpha * unit.value;
  if (rule == Rule::oriented) value *= std::copysign(1.0, unit.mean_activation);
  if (rule == Rule::transport && operation == Operation::add) value = alpha * transport_shift(unit);
  if (rule == Rule::zero) value = 0;
  if (rule == Rule::mean) value = unit.mean_activation;
  const auto result = static_cast<float>(value);
  if (!std::isfinite(result))
    refuse_recipe(fmt::format("alpha {} gives edits beyond float32", alpha));
  return result;
}

/// Zeros for every unit, which is what `clamp` does to those that are not chosen.
UnitValues zeros(const Ranking& ranking) {
  UnitValues values;
  for (const RankedSite& site : ranking.sites) {
    for (std::int64_t layer = 0; layer < ranking.layers; ++layer) {
      for (std::int64_t dim = 0; dim < site.width; ++dim) values[{site.site, layer}][dim] = 0;
    }
  }
  return values;
}

/// One of the operations that a plan carries out one after the other.
struct Step {
  Operation operation;
  UnitValues values;
};

std::vector<Step> steering_steps(const Ranking& ranking, const PlanRecipe& recipe) {
  const std::vector<UnitGroup> groups = groups_for(ranking, recipe);
  std::vector<ChosenGroup> chosen = recipe.units.empty()
                                        ? first_groups(groups, *recipe.k, recipe.layer)
                                        : named_units(ranking, recipe.units);
  if (recipe.control) chosen = control_for(*recipe.control, chosen, groups, *recipe.seed);
  const Rule rule = *recipe.rule;
  std::vector<Step> steps;
  for (const Operation operation : operations_of(rule)) {
    UnitValues values = rule == Rule::clamp ? zeros(ranking) : UnitValues();
    for (const ChosenGroup& group : chosen) {
      for (const RankedUnit& unit : group) {
        if (unit.value == 0 || (rule == Rule::oriented && unit.mean_activation == 0)) continue;
        const Site site = ranking.sites[static_cast<std::size_t>(unit.site)].site;
        values[{site, unit.layer}][unit.dim] =
            value_of(unit, recipe.alpha.value_or(1), rule, operation);
      }
    }
    steps.push_back({operation, std::move(values)});
  }
  return steps;
}

UnitValues suppressing_values(const Ranking& ranking, const PlanRecipe& recipe) {
  const std::vector<UnitGroup> groups = groups_of(ranking);
  // A hair more, so that 0.29 of 100 is 29 although 0.29 * 100 is 28.999999999999996.
  const auto count =
      static_cast<std::size_t>(*recipe.suppress_share * static_cast<double>(groups.size()) + 1e-6);
  const auto value = static_cast<float>(*recipe.suppress_factor - 1);
  UnitValues values;
  for (const UnitGroup& group : std::span(groups).last(std::min(count, groups.size()))) {
    for (const RankedUnit& unit : group) {
      const Site site = ranking.sites[static_cast<std::size_t>(unit.site)].site;
      values[{site, unit.layer}][unit.dim] = value;
    }
  }
  return values;
}

/// A resolved recipe as the plan records it.
Json record_of(const PlanRecipe& recipe) {
  if (recipe.suppress_share) {
    return {{"suppress", {{"share", *recipe.suppress_share}, {"factor", *recipe.suppress_factor}}},
            {"positions", enum_name(*recipe.positions)}};
  }
  Json record = Json::object();
  if (!recipe.units.empty()) record["units"] = nullptr;  // they come first, where k would
  record.update(settings_json(recipe));
  return record;
}

Json plan_provenance(const Ranking& ranking, const PlanRecipe& recipe, std::int64_t units) {
  Json json = {{"site", site_names(ranking)}};
  json.update(record_of(recipe));
  json["activations_per_token"] = units;
  json["ranking"] = {{"method", ranking.method},
                     {"options", ranking.options},
                     {"layers", ranking.layers},
                     {"pairs", ranking.pairs},
                     {"provenance", ranking.provenance}};
  return json;
}

}  // namespace

Plan plan_from_ranking(const Ranking& ranking, const PlanRecipe& asked) {
  check_recipe(ranking, asked);
  const PlanRecipe recipe = resolved(ranking, asked);
  const std::vector<Step> steps =
      recipe.suppress_share
          ? std::vector<Step>{{Operation::scale, suppressing_values(ranking, recipe)}}
          : steering_steps(ranking, recipe);
  Plan plan;
  for (const auto& [operation, values] : steps) {
    for (const auto& [place, of_dims] : values) {
      Edit edit{place.first, place.second, operation, {}, {}, *recipe.positions};
      for (const auto& [dim, value] : of_dims) {
        edit.dims.push_back(dim);
        edit.values.push_back(value);
      }
      plan.edits.push_back(std::move(edit));
    }
  }
  plan.provenance = plan_provenance(ranking, recipe, plan.units());
  return plan;
}

}  // namespace austeer
