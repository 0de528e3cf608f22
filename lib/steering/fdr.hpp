#pragma once
// Many units, many tests: what share of the units called significant are so by chance alone.

#include <cstdint>
#include <span>
#include <vector>

#include "steering/ranking.hpp"

namespace austeer {

/// The share of false calls at which units are called significant.
inline constexpr double false_discovery_rate = 0.05;

/// The q-value of each unit, in ranking order: benjamini_hochberg of their p-values.
std::vector<double> q_values(const Ranking& ranking);

/// How many of these are significant at that rate.
std::int64_t significant_units(std::span<const double> q_values);

}  // namespace austeer
