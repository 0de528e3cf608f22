#pragma once
// From a ranking to a plan: which units, how strong, by which rule and at which tokens.

#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "base/names.hpp"
#include "base/settings.hpp"
#include "plans/plan.hpp"
#include "plans/units.hpp"
#include "steering/control.hpp"
#include "steering/ranking.hpp"

namespace austeer {

inline constexpr std::int64_t default_k = 16;
inline constexpr double default_alpha = 10;
inline constexpr double default_suppress_factor = 0.5;

/// What is asked of a plan; whatever is not set has its default.
struct PlanRecipe {
  std::optional<std::int64_t> k = {};       ///< groups (units, heads, layers); of whole layers 1
  std::optional<double> alpha = {};         ///< strength, which multiplies every value
  std::optional<Rule> rule = {};            ///< in place of the ranking's
  std::optional<Positions> positions = {};  ///< likewise
  std::optional<std::int64_t> layer = {};   ///< only groups of this layer
  std::vector<UnitName> units = {};         ///< these, one by one, in place of the first k groups
  std::optional<Control> control = {};      ///< the control for these units in their place
  std::optional<std::uint64_t> seed = {};   ///< of the control; 0
  /// Instead of steering the first groups: multiply the activations of the last groups of the
  /// ranking, this share of all, by suppress_factor (paper, Table 13).
  std::optional<double> suppress_share = {};
  std::optional<double> suppress_factor = {};

  bool operator==(const PlanRecipe&) const = default;
};

void describe(auto& visit, SettingsOf<PlanRecipe> auto& recipe) {
  visit(recipe.k, {.key = "k",
                   .help = "units (or heads, layers) to steer, from the ranking's top",
                   .least = 1,
                   .unset = fmt::format("{}; of whole layers 1", default_k)});
  visit(recipe.alpha, {.key = "alpha",
                       .help = "strength; the default is 1 for another program's vectors and for "
                               "rankings by auroc or with transport maps, whose strengths are 0 "
                               "to 1; not for the rules zero and mean",
                       .unset = fmt::format("{}", default_alpha)});
  visit(recipe.rule,
        {.key = "rule",
         .help = "scale: x(1 + alpha v) for a unit's value v, the published rule; directed: x + "
                 "alpha v |x|; oriented: scale with the sign of the unit's mean activation; add: x "
                 "+ alpha v; clamp: scale what an unsteered pass gives; transport: (1 - alpha) x + "
                 "alpha (a x "
                 "+ b), a unit's map of value=transport; zero, mean: 0, or the unit's mean "
                 "activation, in place of x. Default: the method's"});
  visit(recipe.positions,
        {.key = "positions",
         .help = "tokens to steer: " + enum_list<Positions>() + ". Default: the method's"});
  visit(recipe.layer, {.key = "layer", .help = "only units of this layer", .least = 0});
  visit(recipe.units,
        {.key = "units",
         .help = "LAYER:DIM,... (or SITE:LAYER:DIM): steer these units in place of the first k",
         .written = Written::unless_default});
  visit(recipe.control,
        {.key = "control",
         .help = "steer what the plan should beat, as many activations: random units from outside "
                 "the ranking's first tenth with the chosen ones' values, or with their own; the "
                 "same units in a random direction; others of the same magnitude; random ones of "
                 "the same layer",
         .shape = enum_list<Control>("|")});
  visit(recipe.seed, {.key = "seed", .help = "of the control", .unset = "0"});
  visit(recipe.suppress_share,
        {.key = "suppress",
         .help = "in place of steering the first units: scale this share of all, the last ones"});
  visit(recipe.suppress_factor, {.key = "factor",
                                 .help = "what --suppress multiplies activations by",
                                 .unset = fmt::format("{}", default_suppress_factor)});
}

/// The plan that edits the first k groups of `ranking`, each unit by alpha times its value. Groups
/// of which no unit has a value never count: there may be fewer than k. One edit per site and
/// layer, layers and dims ascending; with the rule `transport` another one after them, `scale`
/// before `add`. With the rule `clamp` the other units of the sites are clamped
/// to their unsteered activations, as the reference implementation of SADI does. The provenance
/// records the recipe, the ranking's origin and `activations_per_token` (Plan::units()).
///
/// Throws UsageError for k < 1, an alpha that is not finite or makes values beyond float32, a layer
/// or unit that the ranking does not have, a ranking or layer in which no unit has a value, a unit
/// named twice or without a value, a share outside [0, 1], a factor that is not finite, `clamp` at
/// positions other than last_prompt, `transport` with values that are not made for it, a strength
/// outside [0, 1] or a control that changes values, another rule but `zero` and `mean` with such
/// values, `zero` and `mean` with a strength or the control `direction`, parts of a recipe that
/// would do nothing (k or a layer beside named units; a seed without a control, or of one that
/// draws nothing; a factor without suppression; beside suppression all but its factor and
/// positions), and for a control what control_for() throws.
Plan plan_from_ranking(const Ranking& ranking, const PlanRecipe& recipe);

}  // namespace austeer
