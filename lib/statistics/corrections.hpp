#pragma once
// Corrections of p-values for many tests.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace austeer {

// What the corrections for many tests share.

/// The indices of `p_values` from the smallest to the largest, equal ones in their order. Throws
/// ComputeError, its message opened by `room`, unless each lies in [0, 1].
std::vector<std::size_t> ascending_p_values(std::span<const double> p_values,
                                            std::string_view room);

// Many tests, many discoveries: what share of those called significant are so by chance alone.

/// Benjamini and Hochberg's adjusted p-values (q-values), in the order of `p_values`: calling
/// everything with q <= x significant keeps the expected share of false calls at or below x.
/// Source: Benjamini & Hochberg (1995), the step-up procedure. Values must lie in [0, 1]; throws
/// ComputeError otherwise.
std::vector<double> benjamini_hochberg(std::span<const double> p_values);

// A few tests of which none may be wrong: the family-wise error rate.

/// Holm's adjusted p-values, in the order of `p_values`: the chance that any true null hypothesis
/// is among those with a value <= x is at most x, however the tests depend on each other. Source:
/// Holm (1979), the step-down procedure. Values must lie in [0, 1]; throws ComputeError otherwise.
std::vector<double> holm(std::span<const double> p_values);

}  // namespace austeer
