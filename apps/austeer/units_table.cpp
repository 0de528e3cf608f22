#include "units_table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "steering/fdr.hpp"

namespace austeer::app {
namespace {

constexpr double false_discovery_rate = 0.05;

std::span<const RankedUnit> first_units(const Ranking& ranking, std::int64_t top) {
  return std::span(ranking.units)
      .first(
          std::min(ranking.units.size(), static_cast<std::size_t>(std::max<std::int64_t>(top, 0))));
}

}  // namespace

void print_units(const Ranking& ranking, std::int64_t top) {
  const std::vector<double> q = q_values(ranking);
  fmt::print("{:>4}  {:>5}  {:>5}  {:>8}  {:>8}  {:>7}  {:>13}  {:>9}  {:>9}\n", "rank", "layer",
             "dim", "positive", "negative", "beta", "mean momentum", "p", "q (FDR)");
  std::size_t rank = 0;
  for (const RankedUnit& unit : first_units(ranking, top)) {
    fmt::print("{:>4}  {:>5}  {:>5}  {:>8}  {:>8}  {:>+7.3f}  {:>+13.4g}  {:>9.2e}  {:>9.2e}\n",
               rank + 1, unit.layer, unit.dim, unit.positive, unit.negative, unit.beta,
               unit.mean_momentum, unit.p_value, q[rank]);
    ++rank;
  }
  const auto significant =
      std::ranges::count_if(q, [](double value) { return value <= false_discovery_rate; });
  fmt::print(
      "{} of {} units of site {} agree on more of the {} pairs than chance would have it "
      "(sign test, FDR {:.0f} %)\n",
      significant, ranking.units.size(), site_name(ranking.site), ranking.pairs,
      100 * false_discovery_rate);
}

Json units_json(const Ranking& ranking, std::int64_t top) {
  Json units = Json::array();
  for (const RankedUnit& unit : first_units(ranking, top)) {
    units.push_back({{"layer", unit.layer},
                     {"dim", unit.dim},
                     {"positive", unit.positive},
                     {"negative", unit.negative},
                     {"beta", unit.beta},
                     {"mean_momentum", unit.mean_momentum},
                     {"p_value", unit.p_value}});
  }
  return {{"site", site_name(ranking.site)},
          {"width", ranking.width},
          {"pairs", ranking.pairs},
          {"units", units}};
}

}  // namespace austeer::app
