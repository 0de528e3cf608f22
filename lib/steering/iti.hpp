#pragma once
// ITI (Li et al., arXiv 2306.03341): probe every attention head for what tells positive from
// negative texts, and shift the heads whose probes are right most often.

#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

/// One group per head. The score is the accuracy of the head's probe, an L2 logistic regression
/// with C = 1 on raw activations (positive texts 1, negative 0), on every fifth pair, which its
/// training leaves out. A value is sigma theta: theta the direction, of length 1, and sigma the
/// standard deviation (population) of all texts' activations along it. Values are added from the
/// prompt's last token on.
///
/// Option `direction`: mass_mean: from the mean of the negative to that of the positive texts;
/// probe: the probe's weights. `sites`: attention alone. Throws UsageError for other options and
/// sites and for fewer than five pairs, ComputeError for activations that are not finite.
Ranking rank_iti(const ActivationCache& cache, std::span<const std::string> sites,
                 const Json& options);

/// What rank_iti reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> iti_reads(std::span<const std::string> sites, const Json& options);

}  // namespace austeer
