#pragma once
// The methods that make rankings, by name.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/registry.hpp"
#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

struct Method {
  std::string summary;             ///< one line for lists and help texts
  std::vector<std::string> sites;  ///< that it ranks where none is named
  /// Ranks the units of the named sites. Throws UsageError for options that it does not know and
  /// for sites that it cannot rank or that the cache lacks, ComputeError for activations that are
  /// not finite.
  std::function<Ranking(const ActivationCache&, std::span<const std::string> sites,
                        const Json& options)>
      rank;
  /// What of a cache that reads, as `collect` names it ("layer@answer_mean"). Throws as `rank` does
  /// for options and sites.
  std::function<std::vector<std::string>(std::span<const std::string> sites, const Json& options)>
      reads;
};

/// Every method. `methods().get("austeer").rank(cache, sites, Json::object())`.
const Registry<Method>& methods();

}  // namespace austeer
