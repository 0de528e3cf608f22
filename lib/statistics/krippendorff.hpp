#pragma once
// How far do several raters agree who rate the same things?

#include <optional>
#include <span>
#include <vector>

namespace austeer {

/// Krippendorff's alpha for ratings on an interval scale: 1 - observed / expected disagreement,
/// both as mean squared differences; 1 is full agreement, 0 that of chance. `units` holds each
/// thing's ratings, in any order and as many as there are; a thing with fewer than two counts for
/// nothing. Nothing where fewer than two ratings are left, or all of them are equal, so that there
/// is nothing to agree on. Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
std::optional<double> krippendorff_alpha(std::span<const std::vector<double>> units);

}  // namespace austeer
