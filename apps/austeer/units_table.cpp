#include "units_table.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <span>
#include <string>
#include <vector>

#include "steering/assemble.hpp"

namespace austeer::app {
namespace {

bool has_groups(const Ranking& ranking) {
  return std::ranges::any_of(ranking.sites, [](const RankedSite& site) { return site.group > 1; });
}

/// Whether the score says more than beta, which has a column anyway.
bool has_own_score(const Ranking& ranking) {
  return std::ranges::any_of(ranking.units, [&](const RankedUnit& unit) {
    return unit.score != std::abs(beta(unit, ranking.pairs));
  });
}

void print_single_units(const Ranking& ranking, std::int64_t top, const std::vector<double>& q) {
  const bool sites = ranking.sites.size() > 1;
  const bool scores = has_own_score(ranking);
  fmt::print("{:>4}  {}{:>5}  {:>5}  {}{:>8}  {:>8}  {:>7}  {:>13}  {:>9}  {:>9}\n", "rank",
             sites ? "     site  " : "", "layer", "dim", scores ? "     score  " : "", "positive",
             "negative", "beta", "mean momentum", "p", "q (FDR)");
  std::size_t rank = 0;
  for (const auto& group : top_groups(ranking, top)) {
    const RankedUnit& unit = group.front();
    fmt::print("{:>4}  {}{:>5}  {:>5}  {}{:>8}  {:>8}  {:>+7.3f}  {:>+13.4g}  {:>9.2e}  {:>9.2e}\n",
               rank + 1, sites ? fmt::format("{:>9}  ", site_name_of(ranking, unit)) : "",
               unit.layer, unit.dim, scores ? fmt::format("{:>10.4g}  ", unit.score) : "",
               unit.positive, unit.negative, beta(unit, ranking.pairs), unit.mean_momentum,
               unit.p_value, q[rank]);
    ++rank;
  }
}

/// One line per group: where it is, its score and the length of the vector of its values.
void print_groups(const Ranking& ranking, std::int64_t top) {
  const RankedSite& site = ranking.sites.front();
  const bool whole_layers = site.group == site.width;
  fmt::print("{:>4}  {:>9}  {:>5}  {}{:>10}  {:>10}\n", "rank", "site", "layer",
             whole_layers ? "" : " head  ", "score", "|value|");
  std::size_t rank = 0;
  for (const auto& group : top_groups(ranking, top)) {
    double squares = 0;
    for (const RankedUnit& unit : group) squares += unit.value * unit.value;
    const RankedUnit& first = group.front();
    fmt::print("{:>4}  {:>9}  {:>5}  {}{:>+10.4g}  {:>10.4g}\n", ++rank,
               site_name_of(ranking, first), first.layer,
               whole_layers ? "" : fmt::format("{:>5}  ", first.dim / site.group), first.score,
               std::sqrt(squares));
  }
}

/// How the ranking's p-values were made.
const char* test_name(const Ranking& ranking) {
  return ranking.options.value("score", "") == "stratified" ? "sign test in each answer class"
                                                            : "sign test";
}

}  // namespace

void print_ties(const Ranking& ranking, std::int64_t k) {
  const Ties ties = ties_at_cut(ranking, k);
  if (ties.outside == 0) return;
  fmt::print("k = {}: {} of the {} are tied with {} outside\n", k, ties.inside, k, ties.outside);
}

void print_significance(const Ranking& ranking, const std::vector<double>& q_values) {
  fmt::print(
      "{} of {} units of site {} agree on more of the {} pairs than chance would have it "
      "({}, FDR {:.0f} %)\n",
      significant_units(q_values), ranking.units.size(), site_names(ranking), ranking.pairs,
      test_name(ranking), 100 * false_discovery_rate);
}

void print_units(const Ranking& ranking, std::int64_t top) {
  const std::vector<double> q = q_values(ranking);
  if (has_groups(ranking)) {
    print_groups(ranking, top);
  } else {
    print_single_units(ranking, top, q);
  }
  print_ties(ranking, top);
  print_significance(ranking, q);
}

}  // namespace austeer::app
