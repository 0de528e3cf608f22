// Corrections for many tests against SciPy's and statsmodels' (tests/reference/significance.py).

#include "statistics/corrections.hpp"

#include <gtest/gtest.h>
#include <limits>

#include "statistics/reference_cases.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

void expect_adjusted(const std::string& cases, const std::string& column,
                     std::vector<double> (*adjust)(std::span<const double>)) {
  const Json families = testing::significance_cases(cases);
  ASSERT_GE(families.size(), 6U);
  for (const Json& family : families) {
    const auto p = family.at("p").get<std::vector<double>>();
    const auto expected = family.at(column).get<std::vector<double>>();
    const std::vector<double> adjusted = adjust(p);
    ASSERT_EQ(adjusted.size(), expected.size());
    for (std::size_t i = 0; i < adjusted.size(); ++i) {
      EXPECT_NEAR(adjusted[i], expected[i], 1e-12 * expected[i]) << i << " of " << adjusted.size();
    }
  }
}

TEST(BenjaminiHochberg, EqualsSciPy) { expect_adjusted("fdr", "q", benjamini_hochberg); }

TEST(Holm, EqualsStatsmodels) { expect_adjusted("holm", "adjusted", holm); }

TEST(Holm, StepsDown) {
  const double p[] = {0.01, 0.04, 0.03, 0.005};
  const double expected[] = {0.03, 0.06, 0.06, 0.02};
  const std::vector<double> adjusted = holm(p);
  for (std::size_t i = 0; i < adjusted.size(); ++i) EXPECT_DOUBLE_EQ(adjusted[i], expected[i]);
}

TEST(Corrections, NothingAndImpossibleValues) {
  EXPECT_TRUE(benjamini_hochberg({}).empty());
  EXPECT_TRUE(holm({}).empty());
  const double low[] = {0.5, -0.1};
  const double none[] = {std::numeric_limits<double>::quiet_NaN()};
  expect_refusal<ComputeError>([&] { benjamini_hochberg(low); }, "[fdr] -0.1 is not a p-value");
  expect_refusal<ComputeError>([&] { holm(low); }, "[holm] -0.1 is not a p-value");
  expect_refusal<ComputeError>([&] { holm(none); }, "nan is not a p-value");
}

}  // namespace
}  // namespace austeer
