#include "statistics/interval.hpp"

#include <cmath>
#include <fmt/format.h>

#include <boost/math/distributions/normal.hpp>

#include "base/error.hpp"

namespace austeer {

Interval wilson_interval(std::int64_t hits, std::int64_t count, double confidence) {
  if (hits < 0 || hits > count) {
    throw ComputeError("wilson interval", fmt::format("{} of {} is no proportion", hits, count));
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw UsageError("wilson interval",
                     fmt::format("the confidence {} is not between 0 and 1", confidence));
  }
  if (count == 0) return {0, 1};
  const boost::math::normal_distribution<double> normal;
  const double z = boost::math::quantile(boost::math::complement(normal, (1 - confidence) / 2));
  const auto n = static_cast<double>(count);
  const double share = static_cast<double>(hits) / n;
  const double shrink = 1 + z * z / n;
  const double centre = (share + z * z / (2 * n)) / shrink;
  const double half = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / shrink;
  // The formula's own limits where nothing, or everything, was hit; rounding would miss them.
  return {hits == 0 ? 0 : centre - half, hits == count ? 1 : centre + half};
}

}  // namespace austeer
