#pragma once
// Many tests, many discoveries: what share of those called significant are so by chance alone.

#include <span>
#include <vector>

namespace austeer {

/// Benjamini and Hochberg's adjusted p-values (q-values), in the order of `p_values`: calling
/// everything with q <= x significant keeps the expected share of false calls at or below x.
/// Source: Benjamini & Hochberg (1995), the step-up procedure. Values must lie in [0, 1]; throws
/// ComputeError otherwise.
std::vector<double> benjamini_hochberg(std::span<const double> p_values);

}  // namespace austeer
