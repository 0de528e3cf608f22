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

// The sign test where pairs fall into strata and a direction counts only if every stratum has it.

/// Two-sided p-value of the null hypothesis that the strata have no common direction: that in at
/// least one of them a pair goes up with a chance of at most 1/2, and in at least one with a chance
/// of at least 1/2. `strata` holds each one's (positive, negative) counts, pairs without a
/// direction left out beforehand.
///
/// A pooled test, or one that adds the strata's evidence (Cochran-Mantel-Haenszel, Fisher), rejects
/// for a quantity that only tells the strata apart, up in the larger and down in the smaller. Here
/// every stratum must reject by itself: an intersection-union test, for each direction the largest
/// of the strata's one-sided exact p-values, and of the two directions twice the smaller. This is
/// the largest of the strata's two-sided p-values where their majorities go the same way, and 1
/// where they do not. It holds its level however the strata differ, is the sign test where there is
/// one stratum, and can be no smaller than 2^(1 - n), n the pairs of the smallest stratum.
///
/// Source: Berger (1982), Technometrics 24(4), intersection-union tests; the doubling is
/// Bonferroni's. Throws UsageError for no strata, ComputeError for negative counts.
double stratified_sign_test_p_value(std::span<const std::pair<std::int32_t, std::int32_t>> strata);

}  // namespace austeer
