#include "steering/unit_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>

#include "steering/ranked_cache.hpp"
#include "steering/unit_blocks.hpp"

namespace austeer {

namespace {

std::size_t unit_count(const CachedSite& site) {
  return static_cast<std::size_t>(site.layers * site.width);
}

/// The momentum of the pair `rows` begins with.
template <typename T>
float momentum(const PairRows<T>& rows, std::int64_t pair, std::int64_t unit) {
  return to_float(rows.positive[pair * rows.units + unit]) -
         to_float(rows.negative[pair * rows.units + unit]);
}

void add_class(const ActivationCache& cache, const std::string& key,
               const std::vector<std::int64_t>& members, ClassCounts& counts) {
  for_each_shard(cache, key, [&](const auto& shard) {
    const auto first = std::lower_bound(members.begin(), members.end(), shard.first_pair);
    const auto last = std::lower_bound(first, members.end(), shard.first_pair + shard.pairs);
    for_each_block(shard.units, [&](std::int64_t begin, std::int64_t count) {
      std::int32_t* above = counts.positive.data() + begin;
      std::int32_t* below = counts.negative.data() + begin;
      for (auto member = first; member != last; ++member) {
        for (std::int64_t i = 0; i < count; ++i) {
          const float difference = momentum(shard, *member - shard.first_pair, begin + i);
          above[i] += difference > 0;
          below[i] += difference < 0;
        }
      }
    });
  });
}

/// Of `number`(rows, pair, unit) over all pairs.
template <typename Number>
UnitMoments moments_of(const ActivationCache& cache, const std::string& key, const Number& number) {
  const std::size_t units = unit_count(paired_site(cache, key));
  UnitMoments moments{std::vector<double>(units), std::vector<double>(units),
                      std::vector<double>(units)};
  // Deviations are taken from the first pair's number: near enough to the mean that nothing is
  // lost in the difference, and exact where all are equal.
  std::vector<double> first(units);
  std::vector<double> squares(units);
  for_each_shard(cache, key, [&](const auto& shard) {
    for_each_block(shard.units, [&](std::int64_t begin, std::int64_t count) {
      double* sum = moments.sum.data() + begin;
      double* square = squares.data() + begin;
      double* start = first.data() + begin;
      for (std::int64_t pair = 0; pair < shard.pairs; ++pair) {
        if (shard.first_pair + pair == 0) {
          for (std::int64_t i = 0; i < count; ++i) start[i] = number(shard, pair, begin + i);
        }
        for (std::int64_t i = 0; i < count; ++i) {
          const double value = number(shard, pair, begin + i);
          sum[i] += value;
          square[i] += (value - start[i]) * (value - start[i]);
        }
      }
    });
  });
  const auto n = static_cast<double>(cache.description().pairs);
  for (std::size_t unit = 0; unit < units; ++unit) {
    moments.mean[unit] = moments.sum[unit] / n;
    const double offset = moments.mean[unit] - first[unit];
    moments.deviation[unit] = std::sqrt(std::max(0.0, squares[unit] / n - offset * offset));
  }
  return moments;
}

}  // namespace

UnitMoments momentum_moments(const ActivationCache& cache, const std::string& key) {
  return moments_of(cache, key, [](const auto& rows, std::int64_t pair, std::int64_t unit) {
    return momentum(rows, pair, unit);
  });
}

std::vector<double> effects(const UnitMoments& moments) {
  std::vector<double> sizes(moments.mean.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (moments.deviation[i] > 0) sizes[i] = std::abs(moments.mean[i]) / moments.deviation[i];
  }
  return sizes;
}

SideMoments side_moments(const ActivationCache& cache, const std::string& key) {
  const auto of_side = [&](auto side) {
    return moments_of(cache, key, [&](const auto& rows, std::int64_t pair, std::int64_t unit) {
      return to_float(side(rows)[pair * rows.units + unit]);
    });
  };
  return {of_side([](const auto& rows) { return rows.positive; }),
          of_side([](const auto& rows) { return rows.negative; })};
}

std::vector<double> sign_shares(const ActivationCache& cache, const std::string& key) {
  const std::size_t units = unit_count(paired_site(cache, key));
  std::vector<std::int32_t> above(units);
  std::vector<std::int32_t> below(units);
  for_each_shard(cache, key, [&](const auto& shard) {
    for_each_block(shard.units, [&](std::int64_t begin, std::int64_t count) {
      for (std::int64_t pair = 0; pair < shard.pairs; ++pair) {
        const auto* positive = shard.positive + pair * shard.units + begin;
        const auto* negative = shard.negative + pair * shard.units + begin;
        for (std::int64_t i = 0; i < count; ++i) {
          const float with = to_float(positive[i]);
          const float without = to_float(negative[i]);
          above[static_cast<std::size_t>(begin + i)] += (with > 0) + (without > 0);
          below[static_cast<std::size_t>(begin + i)] += (with < 0) + (without < 0);
        }
      }
    });
  });
  const auto texts = 2 * static_cast<double>(cache.description().pairs);
  std::vector<double> shares(units);
  for (std::size_t unit = 0; unit < units; ++unit) {
    shares[unit] = std::max(above[unit], below[unit]) / texts;
  }
  return shares;
}

std::vector<std::vector<std::int64_t>> pairs_by_class(const ActivationCache& cache) {
  std::map<std::string, std::vector<std::int64_t>> by_class;
  const std::vector<std::string>& classes = cache.description().answer_classes;
  if (classes.empty()) {
    throw UsageError("rank", cache.path().string() + ": its pairs have no answer classes",
                     "Scores can be stratified for tasks whose answers are choices");
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    by_class[classes[i]].push_back(static_cast<std::int64_t>(i));
  }
  std::vector<std::vector<std::int64_t>> result;
  for (auto& [name, pairs] : by_class) result.push_back(std::move(pairs));
  return result;
}

std::vector<ClassCounts> class_counts(const ActivationCache& cache, const std::string& key) {
  const std::size_t units = unit_count(paired_site(cache, key));
  std::vector<ClassCounts> classes;
  for (const std::vector<std::int64_t>& members : pairs_by_class(cache)) {
    classes.push_back({static_cast<std::int64_t>(members.size()), std::vector<std::int32_t>(units),
                       std::vector<std::int32_t>(units)});
    add_class(cache, key, members, classes.back());
  }
  return classes;
}

at::Tensor momentum_signs(const ActivationCache& cache, const std::string& key) {
  const auto units = static_cast<std::int64_t>(unit_count(paired_site(cache, key)));
  const at::Tensor signs = at::empty({cache.description().pairs, units}, at::kChar);
  for_each_shard(cache, key, [&](const auto& shard) {
    std::int8_t* first = signs.mutable_data_ptr<std::int8_t>() + shard.first_pair * units;
    for_each_block(units, [&](std::int64_t begin, std::int64_t count) {
      for (std::int64_t pair = 0; pair < shard.pairs; ++pair) {
        std::int8_t* row = first + pair * units + begin;
        for (std::int64_t i = 0; i < count; ++i) {
          const float difference = momentum(shard, pair, begin + i);
          row[i] = static_cast<std::int8_t>((difference > 0) - (difference < 0));
        }
      }
    });
  });
  return signs;
}

at::Tensor unit_momenta(const ActivationCache& cache, const std::string& key,
                        std::span<const std::int64_t> units) {
  paired_site(cache, key);
  const std::int64_t pairs = cache.description().pairs;
  const at::Tensor momenta = at::empty({static_cast<std::int64_t>(units.size()), pairs});
  for_each_shard(cache, key, [&](const auto& shard) {
    float* row = momenta.mutable_data_ptr<float>() + shard.first_pair;
    for (const std::int64_t unit : units) {
      for (std::int64_t pair = 0; pair < shard.pairs; ++pair) {
        row[pair] = momentum(shard, pair, unit);
      }
      row += pairs;
    }
  });
  return momenta;
}

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
