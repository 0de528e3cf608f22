#pragma once
// AUSteer (arXiv 2602.04428): rank units by how consistently their activation moves the same way
// from the negative to the positive text of a pair.

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

/// The published method (section 3): of N pairs, positive have a momentum above zero and negative
/// one below; beta = positive / N where positive >= negative, else -negative / N. Units of all
/// layers are ranked together. It has no options; throws FormatError for any that is given,
/// UsageError for a site that the cache lacks, ComputeError for activations that are not finite.
Ranking rank_austeer(const ActivationCache& cache, Site site, const Json& options);

}  // namespace austeer
