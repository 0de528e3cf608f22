#include "statistics/corrections.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "base/error.hpp"

namespace austeer {

std::vector<std::size_t> ascending_p_values(std::span<const double> p_values,
                                            std::string_view room) {
  for (const double p : p_values) {
    if (!(p >= 0 && p <= 1)) {
      throw ComputeError(room, fmt::format("{} is not a p-value between 0 and 1", p));
    }
  }
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  return order;
}

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

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<double> adjusted(p_values.size());
  // The smallest of n counts n times, the next n - 1 times, ...; none falls below one before it.
  auto left = static_cast<double>(p_values.size());
  double largest = 0;
  for (const std::size_t index : ascending_p_values(p_values, "holm")) {
    largest = std::max(largest, std::min(1.0, left * p_values[index]));
    adjusted[index] = largest;
    --left;
  }
  return adjusted;
}

}  // namespace austeer
