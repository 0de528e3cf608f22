#pragma once
// Many units, many tests: what share of the units called significant are so by chance alone.

#include <vector>

#include "steering/ranking.hpp"

namespace austeer {

/// The q-value of each unit, in ranking order: benjamini_hochberg of their p-values.
std::vector<double> q_values(const Ranking& ranking);

}  // namespace austeer
