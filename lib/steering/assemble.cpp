#include "steering/assemble.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "statistics/corrections.hpp"
#include "statistics/sign_test.hpp"
#include "steering/unit_blocks.hpp"

namespace austeer {

std::vector<double> q_values(const Ranking& ranking) {
  std::vector<double> p_values;
  p_values.reserve(ranking.units.size());
  for (const RankedUnit& unit : ranking.units) p_values.push_back(unit.p_value);
  return benjamini_hochberg(p_values);
}

std::int64_t significant_units(std::span<const double> q_values) {
  return std::ranges::count_if(q_values, [](double q) { return q <= false_discovery_rate; });
}

Ties ties_at_cut(const Ranking& ranking, std::int64_t k) {
  const auto groups = groups_of(ranking);
  if (k < 1 || k >= static_cast<std::int64_t>(groups.size())) return {};
  const auto cut = groups.begin() + k;
  const double score = cut[-1].front().score;
  const auto tied = [&](const auto& group) { return group.front().score == score; };
  return {std::count_if(groups.begin(), cut, tied), std::count_if(cut, groups.end(), tied)};
}

namespace {

Json provenance(const ActivationCache& cache, std::span<const ScoredSite> sites) {
  Json keys = Json::object();
  for (const ScoredSite& site : sites) keys[site.key] = cache.key(site.key);
  Json json = {{"cache_keys", keys},
               {"names", Json(cache.description().names)},
               {"fingerprints", Json(cache.description().fingerprints)},
               {"dtype", cache_dtype_name(cache.description().dtype)}};
  const VoidPairs& void_pairs = cache.description().void_pairs;
  if (!void_pairs.empty()) json["void_pairs"] = void_pairs_summary(void_pairs);
  return json;
}

/// A group by its place: the index of its site and of its first unit there.
struct GroupPlace {
  double score;
  std::uint32_t site;
  std::uint32_t first;
};

/// All groups, best first; equal ones in the order of site, layer and dim.
std::vector<GroupPlace> ordered_groups(std::span<const ScoredSite> sites) {
  std::vector<GroupPlace> groups;
  for (std::size_t site = 0; site < sites.size(); ++site) {
    const auto size = static_cast<std::uint32_t>(sites[site].group);
    std::uint32_t first = 0;
    for (const double score : sites[site].scores) {
      groups.push_back({score, static_cast<std::uint32_t>(site), first});
      first += size;
    }
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const GroupPlace& a, const GroupPlace& b) { return a.score > b.score; });
  return groups;
}

std::vector<double> p_values(const MomentumSums& sums) {
  std::vector<std::pair<std::int32_t, std::int32_t>> counts;
  counts.reserve(sums.positive.size());
  for (std::size_t i = 0; i < sums.positive.size(); ++i) {
    counts.emplace_back(sums.positive[i], sums.negative[i]);
  }
  return sign_test_p_values(counts);
}

}  // namespace

Ranking assemble_ranking(const ActivationCache& cache, const std::string& method,
                         const Json& options, const PlanDefaults& defaults,
                         std::span<const ScoredSite> sites) {
  Ranking ranking;
  ranking.pairs = cache.description().pairs;
  ranking.method = method;
  ranking.options = options;
  ranking.provenance = provenance(cache, sites);
  ranking.rule = defaults.rule;
  ranking.positions = defaults.positions;
  ranking.alpha = defaults.alpha;
  std::vector<std::vector<double>> p;
  std::size_t units = 0;
  for (const ScoredSite& site : sites) {
    const CachedSite& cached = cache.site(site.key);
    ranking.layers = cached.layers;
    ranking.sites.push_back({parse_site(cached.name), cached.width, site.group});
    p.push_back(site.p_values.empty() ? p_values(site.sums) : site.p_values);
    units += site.values.size();
  }

  ranking.units.reserve(units);
  const auto n = static_cast<double>(ranking.pairs);
  for (const GroupPlace& place : ordered_groups(sites)) {
    const ScoredSite& site = sites[place.site];
    const RankedSite& ranked = ranking.sites[place.site];
    for (std::uint32_t unit = place.first; unit < place.first + ranked.group; ++unit) {
      ranking.units.push_back({.site = static_cast<std::int32_t>(place.site),
                               .layer = static_cast<std::int32_t>(unit / ranked.width),
                               .dim = static_cast<std::int32_t>(unit % ranked.width),
                               .score = place.score,
                               .value = site.values[unit],
                               .positive = site.sums.positive[unit],
                               .negative = site.sums.negative[unit],
                               .mean_momentum = site.sums.momentum[unit] / n,
                               .p_value = p[place.site][unit],
                               .mean_activation = site.sums.activation[unit] / (2 * n),
                               .magnitude = site.sums.magnitude[unit] / (2 * n)});
    }
  }
  return ranking;
}

std::string only_site(const std::string& method, std::span<const std::string> sites) {
  if (sites.size() == 1) return sites.front();
  throw UsageError({fmt::format("[rank] {} ranks one site", method), "one site",
                    std::to_string(sites.size()), ""});
}

SiteActivations layer_activations(const ActivationCache& cache, const std::string& key,
                                  std::int64_t layer) {
  paired_site(cache, key);
  std::vector<at::Tensor> positive;
  std::vector<at::Tensor> negative;
  for (std::int64_t i = 0; i < cache.shards(key); ++i) {
    const SiteActivations shard = cache.shard(key, i);
    positive.push_back(shard.positive.select(1, layer).to(at::kFloat));
    negative.push_back(shard.negative.select(1, layer).to(at::kFloat));
  }
  return {at::cat(positive), at::cat(negative)};
}

}  // namespace austeer
