#include "statistics/rank_correlation.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <numeric>
#include <vector>

#include "base/error.hpp"

namespace austeer {
namespace {

/// Each value's rank, less the mean of all ranks.
std::vector<double> centred_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  std::vector<double> ranks(values.size());
  const double middle = (static_cast<double>(values.size()) - 1) / 2;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
    const double rank = static_cast<double>(first + last) / 2;
    for (; first <= last; ++first) ranks[order[first]] = rank - middle;
  }
  return ranks;
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

std::optional<double> rank_correlation(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) {
    throw UsageError("rank correlation",
                     fmt::format("the lists have {} and {} values", a.size(), b.size()));
  }
  const std::vector<double> ranks_a = centred_ranks(a);
  const std::vector<double> ranks_b = centred_ranks(b);
  const double squares = product(ranks_a, ranks_a) * product(ranks_b, ranks_b);
  if (squares == 0) return std::nullopt;
  return product(ranks_a, ranks_b) / std::sqrt(squares);
}

}  // namespace austeer
