#pragma once
// The exact sign test: could this many of the pairs agree in direction by chance?

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace austeer {

/// Two-sided p-value of `positive` against `negative` counts under fair coin flips; pairs without
/// a direction are left out beforehand. Twice the smaller tail of Binomial(positive + negative,
/// 1/2), at most 1; 1 when both are 0. Throws ComputeError for negative counts.
double sign_test_p_value(std::int64_t positive, std::int64_t negative);

/// The p-value of each (positive, negative), each distinct one computed once. Throws likewise.
std::vector<double> sign_test_p_values(
    std::span<const std::pair<std::int32_t, std::int32_t>> counts);

}  // namespace austeer
