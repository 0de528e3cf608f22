#pragma once
// The units of a ranking, as `rank` and `units` show them.

#include <cstdint>
#include <vector>

#include "steering/ranking.hpp"

namespace austeer::app {

/// Says that the first `k` units, or groups, are tied with some that come after them, if they are.
void print_ties(const Ranking& ranking, std::int64_t k);

/// Says how many units are more than chance; `q_values` are all units'.
void print_significance(const Ranking& ranking, const std::vector<double>& q_values);

/// Prints the first `top` units with their statistics, ties at their end, and how many of all are
/// more than chance. Units that are chosen together, as heads or layers, make one line.
void print_units(const Ranking& ranking, std::int64_t top);

}  // namespace austeer::app
