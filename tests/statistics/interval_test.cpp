// Wilson's interval against statsmodels' (tests/reference/significance.py).

#include "statistics/interval.hpp"

#include <gtest/gtest.h>

#include "statistics/reference_cases.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

TEST(WilsonInterval, EqualsStatsmodels) {
  const Json cases = testing::significance_cases("wilson");
  ASSERT_GT(cases.size(), 100U);
  for (const Json& one : cases) {
    const auto hits = one.at("hits").get<std::int64_t>();
    const auto count = one.at("count").get<std::int64_t>();
    const auto confidence = one.at("confidence").get<double>();
    const Interval found = wilson_interval(hits, count, confidence);
    EXPECT_NEAR(found.low, one.at("low").get<double>(), 1e-12) << one.dump();
    EXPECT_NEAR(found.high, one.at("high").get<double>(), 1e-12) << one.dump();
  }
}

TEST(WilsonInterval, Edges) {
  EXPECT_EQ(wilson_interval(0, 0), (Interval{0, 1}));
  EXPECT_EQ(wilson_interval(0, 98).low, 0.0);
  EXPECT_EQ(wilson_interval(98, 98).high, 1.0);
  // The README's rows: 66 of 98 and 57.6 % to 75.8 %.
  EXPECT_NEAR(wilson_interval(66, 98).low, 0.576, 5e-4);
  EXPECT_NEAR(wilson_interval(66, 98).high, 0.758, 5e-4);
}

TEST(WilsonInterval, ImpossibleInputIsRefused) {
  expect_refusal<ComputeError>([] { wilson_interval(4, 3); }, "4 of 3 is no proportion");
  expect_refusal<ComputeError>([] { wilson_interval(-1, 3); }, "-1 of 3 is no proportion");
  expect_refusal<UsageError>([] { wilson_interval(1, 3, 1); }, "the confidence 1 is not between");
  expect_refusal<UsageError>([] { wilson_interval(1, 3, 0); }, "the confidence 0 is not between");
}

}  // namespace
}  // namespace austeer
