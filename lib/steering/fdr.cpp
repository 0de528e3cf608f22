#include "steering/fdr.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "base/error.hpp"

namespace austeer {

std::vector<double> benjamini_hochberg(std::span<const double> p_values) {
  for (const double p : p_values) {
    if (!(p >= 0 && p <= 1)) {
      throw ComputeError("fdr", fmt::format("{} is not a p-value between 0 and 1", p));
    }
  }
  std::vector<std::size_t> ascending(p_values.size());
  std::iota(ascending.begin(), ascending.end(), std::size_t{0});
  std::stable_sort(ascending.begin(), ascending.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  // q of the i-th smallest (counted from 1) is the least p * n / rank at or above its rank.
  const auto n = static_cast<double>(p_values.size());
  std::vector<double> q(p_values.size());
  double least = 1;
  for (std::size_t rank = ascending.size(); rank > 0; --rank) {
    const std::size_t index = ascending[rank - 1];
    least = std::min(least, p_values[index] * (n / static_cast<double>(rank)));
    q[index] = least;
  }
  return q;
}

std::vector<double> q_values(const Ranking& ranking) {
  std::vector<double> p_values;
  p_values.reserve(ranking.units.size());
  for (const RankedUnit& unit : ranking.units) p_values.push_back(unit.p_value);
  return benjamini_hochberg(p_values);
}

}  // namespace austeer
