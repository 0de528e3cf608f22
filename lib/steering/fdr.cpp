#include "steering/fdr.hpp"

#include <algorithm>

#include "statistics/corrections.hpp"

namespace austeer {

std::vector<double> q_values(const Ranking& ranking) {
  std::vector<double> p_values;
  p_values.reserve(ranking.units.size());
  for (const RankedUnit& unit : ranking.units) p_values.push_back(unit.p_value);
  return benjamini_hochberg(p_values);
}

std::int64_t significant_units(std::span<const double> q_values) {
  return std::ranges::count_if(q_values, [](double q) { return q <= false_discovery_rate; });
}

}  // namespace austeer
