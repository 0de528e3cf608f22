#include "statistics/benjamini_hochberg.hpp"

#include <algorithm>

#include "statistics/p_values.hpp"

namespace austeer {

std::vector<double> benjamini_hochberg(std::span<const double> p_values) {
  const std::vector<std::size_t> ascending = ascending_p_values(p_values, "fdr");
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

}  // namespace austeer
