#pragma once
// Do two lists of numbers put the same things in the same order?

#include <optional>
#include <span>

namespace austeer {

/// Spearman's rank correlation of two lists of the same things: Pearson's correlation of their
/// ranks, equal values at the mean of theirs. Nothing where either list has one value alone.
/// Source: Spearman (1904). Throws UsageError for lengths that differ.
std::optional<double> rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace austeer
