#pragma once
// The units of a ranking, as `rank` and `units` show them.

#include <cstdint>

#include "base/json.hpp"
#include "steering/ranking.hpp"

namespace austeer::app {

/// Prints the first `top` units with their statistics, and how many of all are more than chance.
void print_units(const Ranking& ranking, std::int64_t top);

/// {"site", "width", "pairs", "units": [...]}, the first `top` units in ranking order.
Json units_json(const Ranking& ranking, std::int64_t top);

}  // namespace austeer::app
