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

}  // namespace

double mcnemar_p_value(std::int64_t better, std::int64_t worse) {
  return sign_test_p_value(better, worse);
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
  result.p_value = mcnemar_p_value(result.better, result.worse);
  return result;
}

}  // namespace austeer
