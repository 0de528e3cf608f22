#include <fmt/format.h>

#include "steering/assemble.hpp"
#include "steering/methods.hpp"
#include "steering/ranking_methods.hpp"
#include "steering/unit_statistics.hpp"

namespace austeer {
namespace {

/// The means of runs of `group` values.
std::vector<double> group_means(const std::vector<double>& values, std::int64_t group) {
  const auto size = static_cast<std::size_t>(group);
  std::vector<double> means(values.size() / size);
  for (std::size_t i = 0; i < means.size(); ++i) {
    for (std::size_t j = 0; j < size; ++j) means[i] += values[i * size + j];
    means[i] /= static_cast<double>(group);
  }
  return means;
}

struct SadiOptions {
  bool live;
  Json resolved;
};

SadiOptions read_sadi(std::span<const std::string> sites, const Json& given) {
  MethodOptions options(given, "sadi");
  const bool live = options.choice("mode", {"live", "reference"}) == "live";
  SadiOptions read{live, options.resolved()};
  const std::string site = only_site("sadi", sites);
  if (site == "attention" || site == "ffn_gate" || site == "ffn") return read;
  throw UsageError("rank", fmt::format("sadi steers heads at attention, neurons at ffn_gate or "
                                       "dimensions at ffn, not the site {}",
                                       site));
}

}  // namespace

std::vector<std::string> sadi_reads(std::span<const std::string> sites, const Json& options) {
  read_sadi(sites, options);
  return {sites.begin(), sites.end()};
}

Ranking rank_sadi(const ActivationCache& cache, std::span<const std::string> sites,
                  const Json& given) {
  const auto [live, resolved] = read_sadi(sites, given);
  const std::string& key = sites.front();
  ScoredSite site{key, cache.site(key).group, sum_momenta(cache, key), {}, {}};
  UnitMoments moments = momentum_moments(cache, key);
  site.scores = group_means(moments.mean, site.group);
  site.sums.momentum = std::move(moments.sum);
  site.values.assign(moments.mean.size(), 1);
  return assemble_ranking(cache, "sadi", resolved,
                          {live ? Rule::scale : Rule::clamp, Positions::last_prompt},
                          std::span(&site, 1));
}

}  // namespace austeer
