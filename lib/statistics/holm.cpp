#include "statistics/holm.hpp"

#include <algorithm>

#include "statistics/p_values.hpp"

namespace austeer {

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
