#include "steering/overlap.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "base/error.hpp"
#include "base/settings.hpp"
#include "statistics/ranking_agreement.hpp"

namespace austeer {
namespace {

std::vector<RankedSite> sites_in_order(std::vector<RankedSite> sites) {
  std::ranges::sort(sites, {}, &RankedSite::site);
  return sites;
}

/// The score of every group, by site, layer and first dim.
std::vector<double> signed_scores(const Ranking& ranking) {
  std::map<Site, std::size_t> starts;
  std::size_t groups = 0;
  for (const RankedSite& site : sites_in_order(ranking.sites)) {
    starts[site.site] = groups;
    groups += static_cast<std::size_t>(ranking.layers * (site.width / site.group));
  }
  std::vector<double> scores(groups);
  for (const auto& group : groups_of(ranking)) {
    const RankedUnit& unit = group.front();
    const RankedSite& site = ranking.sites[static_cast<std::size_t>(unit.site)];
    const std::int64_t place = (unit.layer * site.width + unit.dim) / site.group;
    const double sign = site.group > 1 ? 1 : (unit.value > 0) - (unit.value < 0);
    scores[starts[site.site] + static_cast<std::size_t>(place)] = sign * unit.score;
  }
  return scores;
}

void check_comparable(std::span<const NamedRanking> rankings, std::span<const RankingTop> tops,
                      std::int64_t k) {
  for (std::size_t i = 0; i < tops.size(); ++i) {
    if (const auto difference = shape_difference(tops.front(), tops[i])) {
      throw UsageError(
          {fmt::format("[units] {} and {} cannot be compared: their units are not the same ones",
                       rankings.front().name, rankings[i].name),
           "rankings of the same sites, layers and widths", *difference, ""});
    }
    const auto size = static_cast<std::int64_t>(tops[i].first.size());
    if (size < k) {
      throw UsageError({fmt::format("[units] {}: too few units have a value for a top of {}",
                                    rankings[i].name, k),
                        fmt::format("at least {}", k), std::to_string(size), "Use a smaller k"});
    }
  }
}

}  // namespace

bool RankingTop::has_single_units() const {
  return std::ranges::all_of(sites, [](const RankedSite& site) { return site.group == 1; });
}

RankingTop top_of(const Ranking& ranking, std::int64_t k) {
  RankingTop top{ranking.sites, ranking.layers, 0, {}};
  for (const auto& group : groups_of(ranking)) {
    ++top.groups;
    const bool has_value =
        std::ranges::any_of(group, [](const RankedUnit& unit) { return unit.value != 0; });
    if (!has_value || static_cast<std::int64_t>(top.first.size()) >= k) continue;
    const RankedUnit& unit = group.front();
    const Site site = ranking.sites[static_cast<std::size_t>(unit.site)].site;
    std::vector<double>& values = top.first[{site, unit.layer, unit.dim}];
    for (const RankedUnit& one : group) values.push_back(one.value);
  }
  return top;
}

std::optional<std::string> shape_difference(const RankingTop& a, const RankingTop& b) {
  const std::vector<RankedSite> sites_a = sites_in_order(a.sites);
  const std::vector<RankedSite> sites_b = sites_in_order(b.sites);
  if (!std::ranges::equal(sites_a, sites_b, {}, &RankedSite::site, &RankedSite::site)) {
    return fmt::format("site {} against {}", site_names(sites_a), site_names(sites_b));
  }
  if (a.layers != b.layers) return fmt::format("{} layers against {}", a.layers, b.layers);
  for (std::size_t i = 0; i < sites_a.size(); ++i) {
    const std::string site = site_name(sites_a[i].site);
    if (sites_a[i].width != sites_b[i].width) {
      return fmt::format("width {} against {} at site {}", sites_a[i].width, sites_b[i].width,
                         site);
    }
    if (sites_a[i].group != sites_b[i].group) {
      return fmt::format("groups of {} against {} at site {}", sites_a[i].group, sites_b[i].group,
                         site);
    }
  }
  return std::nullopt;
}

Overlap overlap_of(const RankingTop& a, const RankingTop& b) {
  if (const auto difference = shape_difference(a, b)) {
    throw UsageError("units", "the tops of these rankings have no common units: " + *difference);
  }
  if (a.first.empty() || a.first.size() != b.first.size()) {
    throw UsageError({"[units] tops are compared", "tops of the same size, not empty",
                      fmt::format("{} and {} units", a.first.size(), b.first.size()), ""});
  }
  Overlap overlap;
  overlap.k = static_cast<std::int64_t>(a.first.size());
  for (const auto& [place, values] : a.first) {
    const auto other = b.first.find(place);
    if (other == b.first.end()) continue;
    ++overlap.shared;
    overlap.same_direction +=
        std::inner_product(values.begin(), values.end(), other->second.begin(), 0.0) > 0;
  }
  const auto k = static_cast<double>(overlap.k);
  overlap.expected = k * k / static_cast<double>(a.groups);
  overlap.p_value = overlap_p_value(overlap.shared, overlap.k, overlap.k, a.groups);
  return overlap;
}

std::optional<double> score_correlation(const Ranking& a, const Ranking& b) {
  return rank_correlation(signed_scores(a), signed_scores(b));
}

std::vector<RankingComparison> compare_rankings(std::span<const NamedRanking> rankings,
                                                std::int64_t k) {
  if (rankings.size() < 2) throw UsageError("units", "a ranking is compared with another one");
  if (k < 1) throw UsageError({"[units] k is out of range", "at least 1", std::to_string(k), ""});
  std::vector<RankingTop> tops;
  for (const NamedRanking& named : rankings) tops.push_back(top_of(named.ranking, k));
  check_comparable(rankings, tops, k);
  std::vector<RankingComparison> comparisons;
  for (std::size_t i = 0; i < rankings.size(); ++i) {
    for (std::size_t j = i + 1; j < rankings.size(); ++j) {
      comparisons.push_back({i, j, overlap_of(tops[i], tops[j]),
                             score_correlation(rankings[i].ranking, rankings[j].ranking)});
    }
  }
  return comparisons;
}

Json answer_json(std::span<const NamedRanking> rankings,
                 std::span<const RankingComparison> comparisons, std::int64_t k) {
  Json names = Json::array();
  for (const NamedRanking& ranking : rankings) names.push_back(ranking.name);
  Json compared = Json::array();
  for (const RankingComparison& one : comparisons) {
    const Overlap& overlap = one.overlap;
    compared.push_back({{"first", rankings[one.first].name},
                        {"second", rankings[one.second].name},
                        {"shared", overlap.shared},
                        {"share", overlap.share()},
                        {"expected", overlap.expected},
                        {"p_value", overlap.p_value},
                        {"same_direction", overlap.same_direction},
                        {"rank_correlation", value_json(one.correlation)}});
  }
  return {{"k", k},
          {"choices", groups_of(rankings.front().ranking).size()},
          {"rankings", std::move(names)},
          {"comparisons", std::move(compared)}};
}

}  // namespace austeer
