#include "statistics/hypergeometric.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

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

}  // namespace austeer
