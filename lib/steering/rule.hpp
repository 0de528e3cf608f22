#pragma once
// How a plan made from a ranking treats an activation: what is done with alpha times a unit's
// value.

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/enum_names.hpp"

namespace austeer {

/// Of a unit with the activation x and the value v.
enum class Rule {
  /// x <- x (1 + alpha v): the published rule of AUSteer. A unit whose activation is negative moves
  /// against v.
  scale,
  /// x <- x + alpha v |x|: every unit moves in the direction of v.
  directed,
  /// x <- x (1 + alpha v sign(mean activation)): linear, and moves in the direction of v wherever a
  /// unit keeps its usual sign. A unit whose mean activation is 0 has no usual sign: it takes its
  /// place among the k, but gets no edit.
  oriented,
  /// x <- x + alpha v.
  add,
  /// x <- x0 (1 + alpha v) for the chosen units, x <- x0 for all others of the ranking's sites; x0
  /// is the activation in an unsteered pass over the same prompt. At the prompt's last token alone.
  clamp,
};

constexpr auto enum_table(Rule) {
  return EnumTable{
      "plan", "rule",
      std::array{std::pair{"scale", Rule::scale}, std::pair{"directed", Rule::directed},
                 std::pair{"oriented", Rule::oriented}, std::pair{"add", Rule::add},
                 std::pair{"clamp", Rule::clamp}}};
}

inline std::string rule_name(Rule rule) { return enum_name(rule); }

/// The rule called `name`. Throws UsageError with the nearest known one.
inline Rule parse_rule(std::string_view name) { return enum_value<Rule>(name); }

}  // namespace austeer
