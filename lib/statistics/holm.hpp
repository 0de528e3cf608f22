#pragma once
// A few tests of which none may be wrong: the family-wise error rate.

#include <span>
#include <vector>

namespace austeer {

/// Holm's adjusted p-values, in the order of `p_values`: the chance that any true null hypothesis
/// is among those with a value <= x is at most x, however the tests depend on each other. Source:
/// Holm (1979), the step-down procedure. Values must lie in [0, 1]; throws ComputeError otherwise.
std::vector<double> holm(std::span<const double> p_values);

}  // namespace austeer
