#include "steering/austeer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "steering/momentum.hpp"
#include "steering/sign_test.hpp"

namespace austeer {
namespace {

Json cache_provenance(const ActivationCache& cache, const CachedSite& site) {
  Json fingerprints = Json::object();
  for (const auto& [name, value] : cache.description().fingerprints) fingerprints[name] = value;
  return {{"cache_key", cache.key(site.key())},
          {"fingerprints", fingerprints},
          {"positions", site.positions},
          {"dtype", cache_dtype_name(cache.description().dtype)}};
}

std::int32_t score(const MomentumSums& sums, std::size_t unit) {
  return std::max(sums.positive[unit], sums.negative[unit]);
}

/// Unit indices (layer * width + dim) by descending score; equal ones keep their order, lower
/// layer and dim first. A counting sort: scores are counts of at most `pairs`.
std::vector<std::size_t> ranked(const MomentumSums& sums, std::int64_t pairs) {
  const std::size_t units = sums.positive.size();
  const auto bucket = [&](std::size_t unit) {
    return static_cast<std::size_t>(pairs - score(sums, unit));
  };
  std::vector<std::size_t> start(static_cast<std::size_t>(pairs) + 2);
  for (std::size_t unit = 0; unit < units; ++unit) ++start[bucket(unit) + 1];
  for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
  std::vector<std::size_t> order(units);
  for (std::size_t unit = 0; unit < units; ++unit) order[start[bucket(unit)]++] = unit;
  return order;
}

RankedUnit unit_from(const MomentumSums& sums, std::size_t unit, std::int64_t pairs,
                     std::int64_t width, double p_value) {
  const auto n = static_cast<double>(pairs);
  const bool upwards = sums.positive[unit] >= sums.negative[unit];
  const double share = score(sums, unit) / n;
  return {.layer = static_cast<std::int32_t>(static_cast<std::int64_t>(unit) / width),
          .dim = static_cast<std::int32_t>(static_cast<std::int64_t>(unit) % width),
          .positive = sums.positive[unit],
          .negative = sums.negative[unit],
          .beta = upwards ? share : -share,
          .mean_momentum = sums.momentum[unit] / n,
          .p_value = p_value,
          .mean_activation = sums.activation[unit] / (2 * n)};
}

}  // namespace

Ranking rank_austeer(const ActivationCache& cache, Site site, const Json& options) {
  if (const Fields given(options, "method austeer"); !options.empty()) {
    throw FormatError(
        {fmt::format("{}: unknown option '{}'", given.place(), options.items().begin().key()),
         "no options", "", ""});
  }
  const CachedSite& cached = cache.site(site_name(site));
  const MomentumSums sums = sum_momenta(cache, cached.name);

  std::vector<std::pair<std::int32_t, std::int32_t>> counts;
  counts.reserve(sums.positive.size());
  for (std::size_t i = 0; i < sums.positive.size(); ++i) {
    counts.emplace_back(sums.positive[i], sums.negative[i]);
  }
  const std::vector<double> p_values = sign_test_p_values(counts);

  const std::int64_t pairs = cache.description().pairs;
  Ranking ranking{.site = site,
                  .layers = cached.layers,
                  .width = cached.width,
                  .pairs = pairs,
                  .method = "austeer",
                  .options = options,
                  .provenance = cache_provenance(cache, cached),
                  .units = {}};
  ranking.units.reserve(sums.positive.size());
  for (const std::size_t unit : ranked(sums, pairs)) {
    ranking.units.push_back(unit_from(sums, unit, pairs, cached.width, p_values[unit]));
  }
  return ranking;
}

}  // namespace austeer
