#pragma once
// From a ranking to a plan: which units, how strong, by which rule and at which tokens.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.hpp"
#include "steering/control.hpp"
#include "steering/ranking.hpp"

namespace austeer {

/// A unit by name. The site may be left out where the ranking has but one.
struct UnitName {
  std::optional<Site> site;
  std::int64_t layer = 0;
  std::int64_t dim = 0;

  bool operator==(const UnitName&) const = default;
};

/// "27:84" or "ffn:27:84", and back. Throws UsageError for any other text.
UnitName parse_unit(std::string_view text);
std::string unit_text(const UnitName& unit);

struct PlanRecipe {
  std::int64_t k = 16;                      ///< groups (units, heads, layers) to steer
  double alpha = 10;                        ///< strength, which multiplies every value
  std::optional<Rule> rule = {};            ///< in place of the ranking's
  std::optional<Positions> positions = {};  ///< likewise
  std::optional<std::int64_t> layer = {};   ///< only groups of this layer
  std::vector<UnitName> units = {};         ///< these, one by one, in place of the first k groups
  std::optional<Control> control = {};      ///< the control for these units in their place
  std::uint64_t seed = 0;                   ///< of the control
  /// Instead of steering the first groups: multiply the activations of the last groups of the
  /// ranking, this share of all, by suppress_factor (paper, Table 13). k, alpha, rule do not count.
  std::optional<double> suppress_share = {};
  double suppress_factor = 0.5;
};

/// The plan that edits the first k groups of `ranking`, each unit by alpha times its value. Groups
/// of which no unit has a value never count: there may be fewer than k. One edit per site and
/// layer, layers and dims ascending. With the rule `clamp` the other units of the sites are clamped
/// to their unsteered activations, as the reference implementation of SADI does. The provenance
/// records the recipe, the ranking's origin and `activations_per_token` (Plan::units()).
///
/// Throws UsageError for k < 1, an alpha that is not finite or makes values beyond float32, a layer
/// or unit that the ranking does not have, a ranking or layer in which no unit has a value, a unit
/// named twice or without a value, a share outside [0, 1], a factor that is not finite, parts of a
/// recipe that exclude each other (units and layer; suppression and units, layer, control or a
/// rule; `clamp` and positions other than last_prompt), and for a control what control_for()
/// throws.
Plan plan_from_ranking(const Ranking& ranking, const PlanRecipe& recipe);

}  // namespace austeer
