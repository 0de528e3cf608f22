#pragma once
// The cache that a ranking was made of, found again.

#include <string>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

/// The key of the cached site that `site`, one of the ranking's, was ranked from. Throws UsageError
/// unless it is in `cache` with the very bytes that were ranked.
std::string key_in_cache(const Ranking& ranking, const RankedSite& site,
                         const ActivationCache& cache);

}  // namespace austeer
