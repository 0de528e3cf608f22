#pragma once
// Confidence intervals.

#include <cstdint>

namespace austeer {

struct Interval {
  double low = 0;
  double high = 0;

  bool operator==(const Interval&) const = default;
};

/// Wilson's score interval of a proportion of which `hits` of `count` were seen; [0, 1] when count
/// is 0. Source: Wilson (1927), without continuity correction. Throws ComputeError unless 0 <= hits
/// <= count, UsageError unless 0 < confidence < 1.
Interval wilson_interval(std::int64_t hits, std::int64_t count, double confidence = 0.95);

}  // namespace austeer
