// Two methods on the same items against statsmodels, NumPy and SciPy
// (tests/reference/significance.py).

#include "statistics/paired.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "statistics/reference_cases.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using Values = std::vector<double>;

TEST(McNemar, EqualsStatsmodels) {
  const Json cases = testing::significance_cases("mcnemar");
  ASSERT_GT(cases.size(), 50U);
  for (const Json& one : cases) {
    const auto expected = one.at("p").get<double>();
    EXPECT_NEAR(mcnemar_p_value(one.at("better"), one.at("worse")), expected, 1e-12 * expected)
        << one.dump();
  }
}

// Each estimate is one of 10,000 draws: five standard deviations of it.
TEST(Paired, RandomisationTestAgreesWithSciPysExactOne) {
  const Json cases = testing::significance_cases("randomisation");
  ASSERT_GE(cases.size(), 5U);
  for (const Json& one : cases) {
    const auto expected = one.at("p").get<double>();
    const double deviation = std::sqrt(expected * (1 - expected) / 10000);
    EXPECT_NEAR(randomisation_p_value(one.at("changes").get<Values>()), expected,
                5 * deviation + 1e-4)
        << one.dump();
  }
}

TEST(Paired, RandomisationTestOfOneSizeIsMcNemars) {
  EXPECT_EQ(randomisation_p_value(Values{1, 1, -1, 0, 1, 1}), mcnemar_p_value(4, 1));
  EXPECT_EQ(randomisation_p_value(Values{0, 0}), 1);
  expect_refusal<UsageError>([] { randomisation_p_value(Values{1}, 0); }, "at least 1; found 0");
}

// The interval is that of the same draws in NumPy, so it is the same on every machine.
TEST(Paired, EqualsNumPyDrawForDraw) {
  const Json cases = testing::significance_cases("paired");
  ASSERT_GE(cases.size(), 11U);
  for (const Json& one : cases) {
    const auto baseline = one.at("baseline").get<Values>();
    const PairedComparison found =
        compare_paired(baseline, one.at("other").get<Values>(), one.at("resamples"),
                       one.at("seed").get<std::uint64_t>());
    const std::string what = std::to_string(baseline.size()) + " items";
    EXPECT_NEAR(found.difference, one.at("difference").get<double>(), 1e-13) << what;
    EXPECT_NEAR(found.interval.low, one.at("interval")[0].get<double>(), 1e-13) << what;
    EXPECT_NEAR(found.interval.high, one.at("interval")[1].get<double>(), 1e-13) << what;
    EXPECT_EQ(found.better, one.at("better").get<std::int64_t>()) << what;
    EXPECT_EQ(found.worse, one.at("worse").get<std::int64_t>()) << what;
    const auto p = one.at("p").get<double>();
    EXPECT_NEAR(found.p_value, p, 1e-12 * p) << what;
  }
}

// SciPy draws otherwise. An end of the interval has a standard deviation of about
// sqrt(0.025 * 0.975 / resamples) / density = 2.67 standard errors / sqrt(resamples), the density
// of the normal distribution at its 2.5 % quantile being 0.0584 a standard error.
TEST(Paired, AgreesWithSciPysBootstrap) {
  const std::int64_t resamples = 20000;
  int compared = 0;
  for (const Json& one : testing::significance_cases("paired")) {
    if (!one.contains("scipy")) continue;
    const auto baseline = one.at("baseline").get<Values>();
    const Interval found =
        compare_paired(baseline, one.at("other").get<Values>(), resamples).interval;
    // Five deviations of the difference of two such ends, and the step from one mean to the next.
    const double deviation = 2.67 / std::sqrt(static_cast<double>(resamples));
    const double tolerance =
        5 * std::sqrt(2.0) * deviation * one.at("standard_error").get<double>() +
        1.0 / static_cast<double>(baseline.size());
    EXPECT_NEAR(found.low, one.at("scipy")[0].get<double>(), tolerance);
    EXPECT_NEAR(found.high, one.at("scipy")[1].get<double>(), tolerance);
    ++compared;
  }
  EXPECT_GE(compared, 5);
}

TEST(Paired, SeedsAndDefaults) {
  Values baseline(40), other(40);
  for (std::size_t i = 0; i < 40; ++i) baseline[i] = i % 2 == 0 ? 1 : 0;
  for (std::size_t i = 0; i < 40; ++i) other[i] = i % 3 == 0 ? 1 : 0;
  const Interval first = compare_paired(baseline, other).interval;
  EXPECT_EQ(first, compare_paired(baseline, other, 10000, 0).interval);
  const Values same(40, 0.5);
  const PairedComparison none = compare_paired(same, same);
  EXPECT_EQ(none.interval, (Interval{0, 0}));
  EXPECT_EQ(none.p_value, 1.0);
  // One resample is its own interval.
  const Interval one = compare_paired(baseline, other, 1).interval;
  EXPECT_EQ(one.low, one.high);
}

TEST(Paired, ImpossibleInputIsRefused) {
  const Values two = {0, 1};
  const Values three = {0, 1, 1};
  const Values hole = {0, std::numeric_limits<double>::quiet_NaN()};
  expect_refusal<UsageError>([&] { compare_paired(two, three); }, "expected 2 values; found 3");
  expect_refusal<UsageError>([&] { compare_paired({}, {}); }, "no items to compare");
  expect_refusal<UsageError>([&] { compare_paired(two, two, 0); }, "at least 1; found 0");
  expect_refusal<ComputeError>([&] { compare_paired(two, hole); }, "item 1: 1 and nan");
  expect_refusal<ComputeError>([] { mcnemar_p_value(-3, 1); }, "-3 against 1");
}

}  // namespace
}  // namespace austeer
