#include "runs/rank.hpp"

#include "base/version.hpp"
#include "cache/reader.hpp"
#include "steering/methods.hpp"

namespace austeer {

Ranking rank(const RankOptions& options) {
  const Method& method = methods().get(options.method);
  const ActivationCache cache(options.cache);
  if (options.verify) cache.verify();
  Ranking ranking = method.rank(cache, options.site, Json::object());
  ranking.provenance["austeer"] = version() + " (" + git_describe() + ")";
  save_ranking(ranking, options.out);
  return ranking;
}

}  // namespace austeer
