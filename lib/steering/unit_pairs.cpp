#include "steering/unit_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

#include "steering/ranked_cache.hpp"
#include "steering/unit_statistics.hpp"

namespace austeer {
namespace {

/// The first `count` pairs whose momentum has the sign of `direction`.
std::vector<PairMomentum> pairs_along(const std::vector<PairMomentum>& all, double direction,
                                      std::int64_t count) {
  std::vector<PairMomentum> chosen;
  std::ranges::copy_if(all, std::back_inserter(chosen),
                       [&](const PairMomentum& one) { return one.momentum * direction > 0; });
  std::ranges::stable_sort(chosen, [](const PairMomentum& a, const PairMomentum& b) {
    return std::abs(a.momentum) > std::abs(b.momentum);
  });
  chosen.resize(std::min(chosen.size(), static_cast<std::size_t>(count)));
  return chosen;
}

UnitPairs pairs_of_unit(const RankedUnit& unit, const at::Tensor& momenta, std::int64_t count) {
  const float* values = momenta.const_data_ptr<float>();
  std::vector<PairMomentum> all;
  for (std::int64_t pair = 0; pair < momenta.numel(); ++pair) {
    all.push_back({pair, static_cast<double>(values[pair])});
  }
  const double direction = unit.value != 0 ? unit.value : unit.mean_momentum;
  return {pairs_along(all, direction, count), pairs_along(all, -direction, count)};
}

}  // namespace

std::vector<UnitPairs> extreme_pairs(const Ranking& ranking, std::span<const RankedUnit> units,
                                     const ActivationCache& cache, std::int64_t count) {
  std::vector<UnitPairs> result(units.size());
  for (std::size_t site = 0; site < ranking.sites.size(); ++site) {
    const RankedSite& ranked = ranking.sites[site];
    const std::string key = key_in_cache(ranking, ranked, cache);
    std::vector<std::size_t> members;
    std::vector<std::int64_t> places;
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (static_cast<std::size_t>(units[i].site) != site) continue;
      members.push_back(i);
      places.push_back(units[i].layer * ranked.width + units[i].dim);
    }
    if (members.empty()) continue;
    const at::Tensor momenta = unit_momenta(cache, key, places);
    for (std::size_t i = 0; i < members.size(); ++i) {
      result[members[i]] =
          pairs_of_unit(units[members[i]], momenta[static_cast<std::int64_t>(i)], count);
    }
  }
  return result;
}

}  // namespace austeer
