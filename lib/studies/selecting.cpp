#include "studies/selecting.hpp"

#include <algorithm>
#include <numeric>

#include "statistics/corrections.hpp"
#include "statistics/paired.hpp"

namespace austeer {
namespace {

constexpr double significance = 0.05;
/// A round keeps a third of its variants, and the next one triples the items.
constexpr std::int64_t reduction = 3;

/// Adds what the variants `alive` do on the items [first, last).
void try_more(Selected& selected, std::span<const std::size_t> alive, std::int64_t first,
              std::int64_t last, const TryVariants& try_variants) {
  const std::vector<Tried> more = try_variants(alive, first, last);
  for (std::size_t i = 0; i < alive.size(); ++i) {
    Tried& tried = selected.tried[alive[i]];
    tried.scores.insert(tried.scores.end(), more[i].scores.begin(), more[i].scores.end());
    tried.cells.insert(tried.cells.end(), more[i].cells.begin(), more[i].cells.end());
    tried.failed = more[i].failed;
    selected.evaluations += last - first;
  }
}

/// The best first; among equals the one that stands first in the grid.
void order_by_mean(std::vector<std::size_t>& alive, const Selected& selected) {
  std::ranges::stable_sort(alive, [&](std::size_t a, std::size_t b) {
    return selected.tried[a].mean() > selected.tried[b].mean();
  });
}

/// p-values of the best, which stands first, against each of the others.
std::vector<double> against_best(const std::vector<std::size_t>& ordered,
                                 const Selected& selected) {
  const std::vector<double>& best = selected.tried[ordered.front()].scores;
  std::vector<double> p_values;
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    const std::vector<double>& other = selected.tried[ordered[i]].scores;
    std::int64_t better = 0, worse = 0;
    for (std::size_t item = 0; item < best.size(); ++item) {
      better += best[item] > other[item] ? 1 : 0;
      worse += best[item] < other[item] ? 1 : 0;
    }
    p_values.push_back(mcnemar_p_value(better, worse));
  }
  return holm(p_values);
}

std::size_t third_of(std::size_t variants) {
  constexpr auto parts = static_cast<std::size_t>(reduction);
  return (variants + parts - 1) / parts;
}

/// The `most` best of `ordered`. Where equals stand on both sides of the cut, those stay that are
/// spread evenly over the grid: the first items separate few variants, and the first of the grid
/// are all alike.
std::vector<std::size_t> best_of(const std::vector<std::size_t>& ordered, std::size_t most,
                                 const Selected& selected) {
  if (ordered.size() <= most) return ordered;
  const double cut = selected.tried[ordered[most - 1]].mean();
  const auto mean = [&](std::size_t i) { return selected.tried[i].mean(); };
  const auto first = std::partition_point(ordered.begin(), ordered.end(),
                                          [&](std::size_t i) { return mean(i) > cut; });
  const auto last =
      std::partition_point(first, ordered.end(), [&](std::size_t i) { return mean(i) >= cut; });
  std::vector<std::size_t> kept(ordered.begin(), first);
  const std::size_t places = most - kept.size();
  const auto equals = static_cast<std::size_t>(last - first);
  for (std::size_t i = 0; i < places; ++i) {
    kept.push_back(first[static_cast<std::ptrdiff_t>((2 * i + 1) * equals / (2 * places))]);
  }
  return kept;
}

/// Whom a round leaves: `alive` without those that failed or are significantly behind, and of the
/// rest the best third of what the round began with.
std::vector<std::size_t> survivors(std::vector<std::size_t> alive, const Selected& selected) {
  const std::size_t most = third_of(alive.size());
  std::erase_if(alive, [&](std::size_t i) { return !selected.tried[i].failed.empty(); });
  if (alive.empty()) return alive;
  order_by_mean(alive, selected);
  const std::vector<double> p_values = against_best(alive, selected);
  std::vector<std::size_t> level = {alive.front()};
  for (std::size_t i = 1; i < alive.size(); ++i) {
    if (p_values[i - 1] >= significance) level.push_back(alive[i]);
  }
  std::vector<std::size_t> kept = best_of(level, most, selected);
  std::ranges::sort(kept);
  return kept;
}

/// Evaluations of a race that begins with `first` items, if each round keeps its third.
std::int64_t race_cost(std::size_t variants, std::int64_t items, std::int64_t first) {
  std::int64_t cost = 0, met = 0;
  std::size_t alive = variants;
  for (std::int64_t until = first; alive > 1 || met == 0; until *= reduction) {
    until = std::min(until, items);
    cost += static_cast<std::int64_t>(alive) * (until - met);
    met = until;
    if (met == items) break;
    alive = third_of(alive);
  }
  return cost;
}

std::vector<std::size_t> all_of(std::size_t variants) {
  std::vector<std::size_t> all(variants);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

/// The best of those that met the most items.
std::optional<std::size_t> winner(const Selected& selected) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < selected.tried.size(); ++i) {
    const Tried& tried = selected.tried[i];
    if (!tried.failed.empty() || tried.scores.empty()) continue;
    if (best) {
      const Tried& leader = selected.tried[*best];
      if (tried.scores.size() < leader.scores.size()) continue;
      if (tried.scores.size() == leader.scores.size() && tried.mean() <= leader.mean()) continue;
    }
    best = i;
  }
  return best;
}

}  // namespace

double Tried::mean() const {
  return std::accumulate(scores.begin(), scores.end(), 0.0) /
         std::max(1.0, static_cast<double>(scores.size()));
}

Selected select_by_grid(std::size_t variants, std::int64_t items, const TryVariants& try_variants) {
  Selected selected{std::vector<Tried>(variants), {}, 0};
  try_more(selected, all_of(variants), 0, items, try_variants);
  selected.best = winner(selected);
  return selected;
}

RaceSize race_size(std::size_t variants, std::int64_t items, double share) {
  const auto budget = share * static_cast<double>(variants) * static_cast<double>(items);
  const auto affords = [&](std::int64_t first) {
    return static_cast<double>(race_cost(variants, items, first)) <= budget;
  };
  std::int64_t first = std::min(least_first_round, items);
  while (first < items && affords(first + 1)) ++first;
  return {first, race_cost(variants, items, first), affords(first)};
}

Selected select_by_race(std::size_t variants, std::int64_t items, double share,
                        const TryVariants& try_variants) {
  Selected selected{std::vector<Tried>(variants), {}, 0};
  std::vector<std::size_t> alive = all_of(variants);
  std::int64_t met = 0;
  for (std::int64_t until = race_size(variants, items, share).first; !alive.empty();
       until *= reduction) {
    until = std::min(until, items);
    try_more(selected, alive, met, until, try_variants);
    met = until;
    if (met == items) break;
    alive = survivors(alive, selected);
    if (alive.size() == 1) break;
  }
  selected.best = winner(selected);
  return selected;
}

}  // namespace austeer
