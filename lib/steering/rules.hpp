#pragma once
// From a ranking to a plan: how many units, how strong, and how the edit treats an activation's
// sign.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/plan.hpp"
#include "steering/ranking.hpp"

namespace austeer {

enum class Rule {
  /// x <- x (1 + alpha beta): the published rule. A unit whose activation is negative moves
  /// against its momentum.
  scale,
  /// x <- x + alpha beta |x|: every unit moves in the direction of its momentum.
  directed,
  /// x <- x (1 + alpha beta sign(mean activation)): linear, and right wherever a unit keeps its
  /// usual sign. A unit whose mean activation is 0 has no usual sign: it takes its place among
  /// the k, but gets no edit.
  oriented,
};

/// "scale", "directed", "oriented".
std::string rule_name(Rule rule);

/// The rule called `name`. Throws UsageError with the nearest known one.
Rule parse_rule(std::string_view name);

/// The plan that steers the first `k` units of `ranking` with strength `alpha` (paper section 3:
/// gamma = alpha beta). Units with beta 0 never count: there may be fewer than k. One edit per
/// layer, layers and dims ascending. Throws UsageError for k < 1 or an alpha that is not finite or
/// makes values beyond float32.
///
/// With `random_seed` a control at the same budget: k units drawn without replacement from those
/// outside the ranking's first tenth, each steered with its own beta. The same seed draws the same
/// units.
Plan plan_from_ranking(const Ranking& ranking, std::int64_t k, double alpha, Rule rule,
                       std::optional<std::uint64_t> random_seed = {});

}  // namespace austeer
