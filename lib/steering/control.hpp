#pragma once
// Controls: plans of the same budget as the one that they are compared with, which know less. A
// plan that does not beat them owes nothing to its choice of units.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/names.hpp"
#include "steering/ranking.hpp"

namespace austeer {

enum class Control {
  random,      ///< random groups from outside the ranking's first tenth, with the chosen values
  random_own,  ///< the same groups, with their own values
  direction,   ///< the chosen groups, moved in a random direction
  magnitude,   ///< groups of about the same mean |activation| from outside the first tenth
  layer,       ///< random groups of the same sites and layers
};

constexpr auto enum_table(Control) {
  return EnumTable{
      "plan", "control",
      std::array{std::pair{"random", Control::random}, std::pair{"random_own", Control::random_own},
                 std::pair{"direction", Control::direction},
                 std::pair{"magnitude", Control::magnitude}, std::pair{"layer", Control::layer}}};
}

/// Units that are chosen together, with the values that a plan multiplies by its strength.
using ChosenGroup = std::vector<RankedUnit>;

/// A run of a ranking's units that are chosen together.
using UnitGroup = std::span<const RankedUnit>;

/// The control for `chosen`, given all groups of the ranking in its order. No group of it is a
/// chosen one, except with `direction`, and all have a value. The same seed gives the same control.
///
/// random: as many groups of the same sizes, on which the chosen groups' values are laid in a
///   random order: the budget is the chosen one's, number by number.
/// random_own: the same groups as random, each with its own values.
/// direction: per group Gaussian values of the same Euclidean norm; for a single unit its value
///   with a random sign.
/// magnitude: for each chosen group, in order, that of the others not taken yet with the nearest
///   mean magnitude; its own values at the chosen one's norm. Uses no seed.
/// layer: per site and layer as many random groups as are chosen there, with their own values.
///
/// Throws UsageError where too few groups are left to draw from.
std::vector<ChosenGroup> control_for(Control control, const std::vector<ChosenGroup>& chosen,
                                     std::span<const UnitGroup> groups, std::uint64_t seed);

}  // namespace austeer
