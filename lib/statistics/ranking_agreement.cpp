#include "statistics/ranking_agreement.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <limits>
#include <numeric>
#include <vector>

#include <boost/math/distributions/hypergeometric.hpp>

#include "base/error.hpp"

namespace austeer {

double overlap_p_value(std::int64_t shared, std::int64_t first, std::int64_t second,
                       std::int64_t total) {
  if (shared < 0 || shared > std::min(first, second) || std::max(first, second) > total ||
      total > std::numeric_limits<std::int32_t>::max() / 2) {
    throw ComputeError("overlap", fmt::format("draws of {} and {} out of {} cannot share {}", first,
                                              second, total, shared));
  }
  if (shared <= std::max<std::int64_t>(0, first + second - total)) return 1;
  const boost::math::hypergeometric_distribution<double> chance(
      static_cast<unsigned>(first), static_cast<unsigned>(second), static_cast<unsigned>(total));
  return boost::math::cdf(boost::math::complement(chance, static_cast<unsigned>(shared - 1)));
}

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
