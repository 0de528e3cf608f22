#include "steering/control.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "statistics/random.hpp"

namespace austeer {
namespace {

using Place = std::tuple<std::int32_t, std::int32_t, std::int32_t>;

Place place_of(const RankedUnit& unit) { return {unit.site, unit.layer, unit.dim}; }

double norm(std::span<const RankedUnit> group) {
  double squares = 0;
  for (const RankedUnit& unit : group) squares += unit.value * unit.value;
  return std::sqrt(squares);
}

double mean_magnitude(std::span<const RankedUnit> group) {
  double sum = 0;
  for (const RankedUnit& unit : group) sum += unit.magnitude;
  return sum / static_cast<double>(group.size());
}

ChosenGroup copy_of(UnitGroup group) { return {group.begin(), group.end()}; }

/// The groups that have a value and are none of `chosen`, in order.
std::vector<UnitGroup> others(std::span<const UnitGroup> groups,
                              const std::vector<ChosenGroup>& chosen) {
  std::set<Place> taken;
  for (const ChosenGroup& group : chosen) taken.insert(place_of(group.front()));
  std::vector<UnitGroup> result;
  for (const UnitGroup& group : groups) {
    if (norm(group) > 0 && !taken.contains(place_of(group.front()))) result.push_back(group);
  }
  return result;
}

std::span<const UnitGroup> outside_first_tenth(std::span<const UnitGroup> groups) {
  return groups.subspan(groups.size() / 10);
}

/// Throws unless `left` groups suffice for `wanted`.
void check_enough(Control control, std::size_t left, std::size_t wanted, const std::string& where) {
  if (left >= wanted) return;
  throw UsageError({fmt::format("[plan] too few groups are left {} for the control '{}'", where,
                                enum_name(control)),
                    fmt::format("{} or more that have a value and are not chosen", wanted),
                    std::to_string(left), "Steer fewer, or take another control"});
}

/// `count` of `pool`, drawn without replacement, with their own values.
std::vector<ChosenGroup> drawn(std::vector<UnitGroup> pool, std::size_t count, Random& random) {
  random.shuffle_first(pool, count);
  std::vector<ChosenGroup> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(copy_of(pool[i]));
  return result;
}

/// The sizes of groups that are chosen, each with how many have it.
std::map<std::size_t, std::size_t> sizes_of(const std::vector<ChosenGroup>& groups) {
  std::map<std::size_t, std::size_t> sizes;
  for (const ChosenGroup& group : groups) ++sizes[group.size()];
  return sizes;
}

/// Random groups of the sizes of `chosen`, smaller ones first, with their own values.
std::vector<ChosenGroup> random_groups(Control control, const std::vector<ChosenGroup>& chosen,
                                       std::span<const UnitGroup> groups, Random& random) {
  const std::vector<UnitGroup> all = others(outside_first_tenth(groups), chosen);
  check_enough(control, all.size(), chosen.size(), "outside the first tenth");
  std::vector<ChosenGroup> result;
  for (const auto& [size, count] : sizes_of(chosen)) {
    std::vector<UnitGroup> pool = all;
    std::erase_if(pool, [&, size = size](UnitGroup group) { return group.size() != size; });
    check_enough(control, pool.size(), count, "of the same size");
    std::ranges::move(drawn(std::move(pool), count, random), std::back_inserter(result));
  }
  return result;
}

/// Lays the values of `chosen` on `groups`, which have the same sizes, in a random order.
void lay_values(std::vector<ChosenGroup> chosen, std::vector<ChosenGroup>& groups, Random& random) {
  random.shuffle_first(chosen, chosen.size());
  std::ranges::stable_sort(chosen, {}, [](const ChosenGroup& group) { return group.size(); });
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t j = 0; j < groups[i].size(); ++j) groups[i][j].value = chosen[i][j].value;
  }
}

ChosenGroup redirected(ChosenGroup group, Random& random) {
  const auto valued = [](const RankedUnit& unit) { return unit.value != 0; };
  if (std::ranges::count_if(group, valued) == 1) {
    std::ranges::find_if(group, valued)->value *= random.sign();
    return group;
  }
  const double before = norm(group);
  for (RankedUnit& unit : group) {
    if (valued(unit)) unit.value = random.normal();
  }
  const double factor = before / norm(group);
  for (RankedUnit& unit : group) unit.value *= factor;
  return group;
}

/// Groups of one size by mean magnitude, from which the nearest is taken time and again.
class ByMagnitude {
 public:
  void add(double magnitude, std::size_t rank) { ranks_.insert({magnitude, rank}); }

  /// The rank of the group nearest to `magnitude`, the better ranked one of two equally near.
  std::optional<std::size_t> take(double magnitude) {
    if (ranks_.empty()) return std::nullopt;
    const auto above = ranks_.lower_bound({magnitude, 0});
    auto nearest = above;
    if (above != ranks_.begin()) {
      const auto below = ranks_.lower_bound({std::prev(above)->first, 0});
      if (above == ranks_.end() || nearer(*below, *above, magnitude)) nearest = below;
    }
    const std::size_t rank = nearest->second;
    ranks_.erase(nearest);
    return rank;
  }

 private:
  using Entry = std::pair<double, std::size_t>;
  static bool nearer(const Entry& below, const Entry& above, double magnitude) {
    return std::pair(magnitude - below.first, below.second) <
           std::pair(above.first - magnitude, above.second);
  }
  std::set<Entry> ranks_;
};

std::vector<ChosenGroup> alike_in_magnitude(const std::vector<ChosenGroup>& chosen,
                                            std::span<const UnitGroup> groups) {
  const std::vector<UnitGroup> pool = others(outside_first_tenth(groups), chosen);
  check_enough(Control::magnitude, pool.size(), chosen.size(), "outside the first tenth");
  std::map<std::size_t, ByMagnitude> by_size;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    by_size[pool[i].size()].add(mean_magnitude(pool[i]), i);
  }
  std::vector<ChosenGroup> result;
  for (const ChosenGroup& group : chosen) {
    const auto rank = by_size[group.size()].take(mean_magnitude(group));
    if (!rank) check_enough(Control::magnitude, 0, 1, "of the same size");
    ChosenGroup other = copy_of(pool[*rank]);
    const double factor = norm(group) / norm(other);
    for (RankedUnit& unit : other) unit.value *= factor;
    result.push_back(std::move(other));
  }
  return result;
}

std::vector<ChosenGroup> of_the_same_layers(const std::vector<ChosenGroup>& chosen,
                                            std::span<const UnitGroup> groups, Random& random) {
  using Layer = std::pair<std::int32_t, std::int32_t>;
  std::map<Layer, std::size_t> wanted;
  for (const ChosenGroup& group : chosen) ++wanted[{group.front().site, group.front().layer}];
  std::map<Layer, std::vector<UnitGroup>> pools;
  for (const UnitGroup& group : others(groups, chosen)) {
    pools[{group.front().site, group.front().layer}].push_back(group);
  }
  std::vector<ChosenGroup> result;
  for (const auto& [layer, count] : wanted) {
    check_enough(Control::layer, pools[layer].size(), count,
                 fmt::format("in layer {}", layer.second));
    for (ChosenGroup& group : drawn(pools[layer], count, random)) {
      result.push_back(std::move(group));
    }
  }
  return result;
}

}  // namespace

std::vector<ChosenGroup> control_for(Control control, const std::vector<ChosenGroup>& chosen,
                                     std::span<const UnitGroup> groups, std::uint64_t seed) {
  Random random(seed);
  std::vector<ChosenGroup> result;
  switch (control) {
    case Control::random:
      result = random_groups(control, chosen, groups, random);
      lay_values(chosen, result, random);
      return result;
    case Control::random_own:
      return random_groups(control, chosen, groups, random);
    case Control::direction:
      for (const ChosenGroup& group : chosen) result.push_back(redirected(group, random));
      return result;
    case Control::magnitude:
      return alike_in_magnitude(chosen, groups);
    case Control::layer:
      return of_the_same_layers(chosen, groups, random);
  }
  return result;
}

}  // namespace austeer
