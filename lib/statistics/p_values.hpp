#pragma once
// What the corrections for many tests share.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace austeer {

/// The indices of `p_values` from the smallest to the largest, equal ones in their order. Throws
/// ComputeError, its message opened by `room`, unless each lies in [0, 1].
std::vector<std::size_t> ascending_p_values(std::span<const double> p_values,
                                            std::string_view room);

}  // namespace austeer
