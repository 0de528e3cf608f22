#include "statistics/sign_test.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <boost/math/distributions/binomial.hpp>

#include "base/error.hpp"

namespace austeer {

namespace {

using Counts = std::pair<std::int32_t, std::int32_t>;

/// The test is symmetric: (fewer, more) is the key of an answer.
Counts sign_test_key(const Counts& count) {
  return {std::min(count.first, count.second), std::max(count.first, count.second)};
}

}  // namespace

double sign_test_p_value(std::int64_t positive, std::int64_t negative) {
  if (positive < 0 || negative < 0) {
    throw ComputeError("sign test",
                       fmt::format("{} against {}: counts cannot be negative", positive, negative));
  }
  const std::int64_t n = positive + negative;
  if (n == 0) return 1;
  const boost::math::binomial_distribution<double> chance(static_cast<double>(n), 0.5);
  const auto fewer = static_cast<double>(std::min(positive, negative));
  return std::min(1.0, 2 * boost::math::cdf(chance, fewer));
}

std::vector<double> sign_test_p_values(std::span<const Counts> counts) {
  std::vector<Counts> distinct;
  distinct.reserve(counts.size());
  for (const Counts& count : counts) distinct.push_back(sign_test_key(count));
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());

  std::vector<double> answers;
  answers.reserve(distinct.size());
  for (const auto& [fewer, more] : distinct) answers.push_back(sign_test_p_value(fewer, more));

  std::vector<double> result;
  result.reserve(counts.size());
  for (const Counts& count : counts) {
    const auto place = std::lower_bound(distinct.begin(), distinct.end(), sign_test_key(count));
    result.push_back(answers[static_cast<std::size_t>(place - distinct.begin())]);
  }
  return result;
}

double stratified_sign_test_p_value(std::span<const std::pair<std::int32_t, std::int32_t>> strata) {
  if (strata.empty()) throw UsageError("sign test", "there are no strata to test");
  const bool up = std::ranges::all_of(strata, [](const auto& s) { return s.first > s.second; });
  const bool down = std::ranges::all_of(strata, [](const auto& s) { return s.first < s.second; });
  double largest = up || down ? 0 : 1;
  for (const auto& [positive, negative] : strata) {
    // Without a common majority only impossible counts are still of interest.
    if (largest < 1 || positive < 0 || negative < 0) {
      largest = std::max(largest, sign_test_p_value(positive, negative));
    }
  }
  return largest;
}

}  // namespace austeer
