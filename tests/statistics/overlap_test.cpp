// Chance overlaps against exact fractions, rank correlations against SciPy
// (tests/reference/significance.py).

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "statistics/ranking_agreement.hpp"
#include "statistics/reference_cases.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

TEST(OverlapByChance, EqualsExactFractions) {
  const Json cases = testing::significance_cases("overlap");
  ASSERT_GE(cases.size(), 60U);
  for (const Json& one : cases) {
    const auto count = [&](const char* key) { return one.at(key).get<std::int64_t>(); };
    const auto expected = one.at("p").get<double>();
    // Totals above Boost's table of primes (104,729) go by Lanczos' approximation: to about 1e-14.
    EXPECT_NEAR(overlap_p_value(count("shared"), count("first"), count("second"), count("total")),
                expected, 1e-12 * expected)
        << one;
  }
}

TEST(OverlapByChance, RefusesImpossibleCounts) {
  const auto refuse = [](std::int64_t shared, std::int64_t first, std::int64_t second,
                         std::int64_t total) {
    expect_refusal<ComputeError>([&] { overlap_p_value(shared, first, second, total); },
                                 "cannot share");
  };
  refuse(-1, 3, 3, 10);
  refuse(4, 3, 5, 10);
  refuse(0, 11, 3, 10);
  refuse(0, -1, -1, 10);
}

TEST(RankCorrelation, EqualsSciPy) {
  const Json cases = testing::significance_cases("spearman");
  ASSERT_GE(cases.size(), 5U);
  for (const Json& one : cases) {
    const auto a = one.at("a").get<std::vector<double>>();
    const auto b = one.at("b").get<std::vector<double>>();
    EXPECT_NEAR(rank_correlation(a, b).value(), one.at("rho").get<double>(), 1e-12);
  }
}

TEST(RankCorrelation, OfOneValueAloneIsNothing) {
  const double same[] = {2, 2, 2};
  const double other[] = {1, 2, 3};
  EXPECT_EQ(rank_correlation(same, other), std::nullopt);
  EXPECT_EQ(rank_correlation({}, {}), std::nullopt);
  expect_refusal<UsageError>([&] { rank_correlation(same, std::span(other).first(2)); },
                             "3 and 2 values");
}

}  // namespace
}  // namespace austeer
