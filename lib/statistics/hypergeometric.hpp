#pragma once
// Two choices out of the same things: how many would they share by chance?

#include <cstdint>

namespace austeer {

/// The chance that two independent draws without replacement, of `first` and of `second` out of
/// `total` things, share at least `shared`: the exact upper tail of the hypergeometric
/// distribution, whose mean is first * second / total. Throws ComputeError for counts that are
/// negative or do not fit each other.
double overlap_p_value(std::int64_t shared, std::int64_t first, std::int64_t second,
                       std::int64_t total);

}  // namespace austeer
