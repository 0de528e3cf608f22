#include "statistics/p_values.hpp"

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

}  // namespace austeer
