#include "statistics/paired.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <vector>

#include "base/error.hpp"
#include "statistics/random.hpp"
#include "statistics/sign_test.hpp"

namespace austeer {
namespace {

std::vector<double> differences(std::span<const double> baseline, std::span<const double> other) {
  if (baseline.size() != other.size()) {
    throw UsageError({"[paired] two methods are compared on the same items",
                      fmt::format("{} values", baseline.size()), std::to_string(other.size()), ""});
  }
  if (baseline.empty()) throw UsageError("paired", "there are no items to compare");
  std::vector<double> result(baseline.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = other[i] - baseline[i];
    if (std::isfinite(result[i])) continue;
    throw ComputeError("paired", fmt::format("item {}: {} and {} have no difference that is finite",
                                             i, baseline[i], other[i]));
  }
  return result;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The quantile of ascending values, `share` from 0 to 1: linear between order statistics.
double quantile(const std::vector<double>& ascending, double share) {
  const double place = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  const double weight = place - static_cast<double>(below);
  return ascending[below] + weight * (ascending[above] - ascending[below]);
}

Interval bootstrap_interval(const std::vector<double>& values, std::int64_t resamples,
                            std::uint64_t seed) {
  Random random(seed);
  std::vector<double> means(static_cast<std::size_t>(resamples));
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.below(values.size())];
    mean = sum / static_cast<double>(values.size());
  }
  std::sort(means.begin(), means.end());
  return {quantile(means, 0.025), quantile(means, 0.975)};
}

/// Changes of one size may differ by less than this, as means of the same numbers do.
constexpr double same_size = 1e-12;

}  // namespace

double mcnemar_p_value(std::int64_t better, std::int64_t worse) {
  return sign_test_p_value(better, worse);
}

double randomisation_p_value(std::span<const double> changes, std::int64_t draws,
                             std::uint64_t seed) {
  if (draws < 1) throw UsageError({"[paired] draws", "at least 1", std::to_string(draws), ""});
  std::vector<double> sizes;
  double sum = 0;
  std::int64_t better = 0;
  for (const double change : changes) {
    if (std::abs(change) < same_size) continue;
    sizes.push_back(std::abs(change));
    sum += change;
    better += change > 0 ? 1 : 0;
  }
  if (sizes.empty()) return 1;
  const auto [least, greatest] = std::ranges::minmax(sizes);
  if (greatest - least < same_size) {
    return mcnemar_p_value(better, static_cast<std::int64_t>(sizes.size()) - better);
  }
  const double observed = std::abs(sum) - same_size * static_cast<double>(sizes.size());
  Random random(seed);
  std::int64_t as_far = 1;
  for (std::int64_t draw = 0; draw < draws; ++draw) {
    double drawn = 0;
    for (const double size : sizes) drawn += random.sign() * size;
    as_far += std::abs(drawn) >= observed ? 1 : 0;
  }
  return static_cast<double>(as_far) / static_cast<double>(draws + 1);
}

PairedComparison compare_paired(std::span<const double> baseline, std::span<const double> other,
                                std::int64_t resamples, std::uint64_t seed) {
  if (resamples < 1) {
    throw UsageError({"[paired] resamples", "at least 1", std::to_string(resamples), ""});
  }
  const std::vector<double> change = differences(baseline, other);
  PairedComparison result;
  result.difference = mean_of(change);
  result.interval = bootstrap_interval(change, resamples, seed);
  result.better = std::ranges::count_if(change, [](double value) { return value > 0; });
  result.worse = std::ranges::count_if(change, [](double value) { return value < 0; });
  result.p_value = randomisation_p_value(change, resamples, seed);
  return result;
}

}  // namespace austeer
