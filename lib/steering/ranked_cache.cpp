#include "steering/ranked_cache.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace austeer {

std::string key_in_cache(const Ranking& ranking, const RankedSite& site,
                         const ActivationCache& cache) {
  const std::string name = site_name(site.site);
  const Json& provenance = ranking.provenance;
  Json keys = Json::object();
  if (provenance.is_object() && provenance.contains("cache_keys")) {
    keys = provenance.at("cache_keys");
  }
  for (const auto& [key, digest] : keys.items()) {
    if (key != name && !key.starts_with(name + ".")) continue;
    const CachedSite& cached = cache.site(key);
    if (digest != cache.key(key) || cached.width != site.width || cached.layers != ranking.layers ||
        cache.description().pairs != ranking.pairs) {
      break;
    }
    return key;
  }
  throw UsageError("units",
                   fmt::format("the ranking's site {} was not ranked from the cache {}", name,
                               cache.path().string()),
                   "Name the cache that `austeer rank` read");
}

}  // namespace austeer
