#pragma once
// SADI (Wang et al., arXiv 2410.12299): scale the heads, neurons or dimensions whose activation is
// on average the highest in positive texts against negative ones.

#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

/// The site decides the variant: attention, heads; ffn_gate, neurons; ffn, hidden dimensions. The
/// score of a group is its mean momentum, signed: the largest come first, whatever the size of
/// negative ones. All values are 1, scaled by the plan's strength at the prompt's last token.
///
/// Option `mode`: live: in the one pass, x <- x (1 + alpha); reference: as the published code does,
/// whole sites are overwritten by what an unsteered pass computed there, the chosen units times
/// 1 + alpha (rule clamp). Throws UsageError for other options and sites, ComputeError for
/// activations that are not finite.
Ranking rank_sadi(const ActivationCache& cache, std::span<const std::string> sites,
                  const Json& options);

/// What rank_sadi reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> sadi_reads(std::span<const std::string> sites, const Json& options);

}  // namespace austeer
