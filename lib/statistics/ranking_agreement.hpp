#pragma once
// How much two rankings have in common, and how much of it chance would give.

#include <cstdint>
#include <optional>
#include <span>

namespace austeer {

// Two choices out of the same things: how many would they share by chance?

/// The chance that two independent draws without replacement, of `first` and of `second` out of
/// `total` things, share at least `shared`: the exact upper tail of the hypergeometric
/// distribution, whose mean is first * second / total. Throws ComputeError for counts that are
/// negative or do not fit each other.
double overlap_p_value(std::int64_t shared, std::int64_t first, std::int64_t second,
                       std::int64_t total);

// Do two lists of numbers put the same things in the same order?

/// Spearman's rank correlation of two lists of the same things: Pearson's correlation of their
/// ranks, equal values at the mean of theirs. Nothing where either list has one value alone.
/// Source: Spearman (1904). Throws UsageError for lengths that differ.
std::optional<double> rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace austeer
