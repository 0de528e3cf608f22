#pragma once
// The units of a ranking, as `rank` and `units` show them.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "steering/ranking.hpp"

namespace austeer::app {

std::string name_of_site(const Ranking& ranking, const RankedUnit& unit);

/// Says that the first `k` units, or groups, are tied with some that come after them, if they are.
void print_ties(const Ranking& ranking, std::int64_t k);

/// Says how many units are more than chance; `q_values` are all units'.
void print_significance(const Ranking& ranking, const std::vector<double>& q_values);

/// Prints the first `top` units with their statistics, ties at their end, and how many of all are
/// more than chance. Units that are chosen together, as heads or layers, make one line.
void print_units(const Ranking& ranking, std::int64_t top);

/// {"site", "width", "pairs", "units": [...]}, the units of the first `top` groups in ranking
/// order. Of several sites "site" has all names, joined by commas, "width" the units of a layer at
/// all of them, and each unit a "site" of its own.
Json units_json(const Ranking& ranking, std::int64_t top);

}  // namespace austeer::app
