// p-values against SciPy's (tests/reference/significance.py).

#include "statistics/sign_test.hpp"

#include <gtest/gtest.h>

#include "statistics/reference_cases.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

TEST(SignTest, EqualsSciPy) {
  const Json cases = testing::significance_cases("sign_test");
  ASSERT_GT(cases.size(), 700U);
  std::vector<std::pair<std::int32_t, std::int32_t>> counts;
  for (const Json& one : cases) {
    const auto positive = one.at("positive").get<std::int32_t>();
    const auto negative = one.at("negative").get<std::int32_t>();
    const auto expected = one.at("p").get<double>();
    EXPECT_NEAR(sign_test_p_value(positive, negative), expected, 1e-12 * expected)
        << positive << " against " << negative;
    counts.emplace_back(positive, negative);
  }
  const std::vector<double> together = sign_test_p_values(counts);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ(together[i], sign_test_p_value(counts[i].first, counts[i].second));
  }
}

TEST(SignTest, KnownValues) {
  EXPECT_EQ(sign_test_p_value(0, 0), 1.0);
  EXPECT_EQ(sign_test_p_value(1, 0), 1.0);
  EXPECT_EQ(sign_test_p_value(7, 7), 1.0);
  EXPECT_DOUBLE_EQ(sign_test_p_value(0, 6), 2.0 / 64);
  EXPECT_DOUBLE_EQ(sign_test_p_value(9, 1), 2.0 * 11 / 1024);
  EXPECT_EQ(sign_test_p_value(554, 446), sign_test_p_value(446, 554));
}

TEST(SignTest, NegativeCountsAreRefused) {
  expect_refusal<ComputeError>([] { sign_test_p_value(-1, 3); }, "-1 against 3");
  const std::pair<std::int32_t, std::int32_t> counts[] = {{2, 2}, {4, -2}};
  expect_refusal<ComputeError>([&] { sign_test_p_values(counts); }, "cannot be negative");
}

}  // namespace
}  // namespace austeer
