#pragma once
// CAA (Rimsky et al., arXiv 2312.06681): add the mean difference of a layer's output between the
// positive and the negative texts.

#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

/// One group per layer, whose values are the mean momentum: added to the layer's output from the
/// prompt's last token on. The source chooses the layer by a sweep (a plan's `layer`); here layers
/// are ordered by the mean of their momenta along the mean momentum's direction over its standard
/// deviation (population; 0 where there is none).
///
/// Option `positions`: last: the texts' last tokens; answer_mean: the mean over the answer's
/// tokens, which the cache must hold. `sites`: layer alone. Throws UsageError for other options and
/// sites, ComputeError for activations that are not finite.
Ranking rank_caa(const ActivationCache& cache, std::span<const std::string> sites,
                 const Json& options);

/// What rank_caa reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> caa_reads(std::span<const std::string> sites, const Json& options);

}  // namespace austeer
