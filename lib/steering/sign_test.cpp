#include "steering/sign_test.hpp"

#include <ATen/Parallel.h>
#include <algorithm>

#include <boost/math/distributions/binomial.hpp>

namespace austeer {

double sign_test_p_value(std::int64_t positive, std::int64_t negative) {
  const std::int64_t n = positive + negative;
  if (n == 0) return 1;
  const boost::math::binomial_distribution<double> chance(static_cast<double>(n), 0.5);
  const auto fewer = static_cast<double>(std::min(positive, negative));
  return std::min(1.0, 2 * boost::math::cdf(chance, fewer));
}

std::vector<double> sign_test_p_values(
    std::span<const std::pair<std::int32_t, std::int32_t>> counts) {
  // The test is symmetric: (fewer, more) is the key of an answer.
  const auto key = [](const std::pair<std::int32_t, std::int32_t>& count) {
    return std::pair{std::min(count.first, count.second), std::max(count.first, count.second)};
  };
  std::vector<std::pair<std::int32_t, std::int32_t>> distinct;
  distinct.reserve(counts.size());
  for (const auto& count : counts) distinct.push_back(key(count));
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());

  std::vector<double> answers(distinct.size());
  at::parallel_for(
      0, static_cast<std::int64_t>(distinct.size()), 64, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          answers[i] = sign_test_p_value(distinct[i].first, distinct[i].second);
        }
      });

  std::vector<double> result;
  result.reserve(counts.size());
  for (const auto& count : counts) {
    const auto place = std::lower_bound(distinct.begin(), distinct.end(), key(count));
    result.push_back(answers[static_cast<std::size_t>(place - distinct.begin())]);
  }
  return result;
}

}  // namespace austeer
