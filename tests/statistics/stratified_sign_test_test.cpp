// The stratified sign test: against its definition, by SciPy's p-values, and where it must not
// reject.

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "statistics/random.hpp"
#include "statistics/reference_cases.hpp"
#include "statistics/sign_test.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using Strata = std::vector<std::pair<std::int32_t, std::int32_t>>;

TEST(StratifiedSignTest, EqualsItsDefinitionBySciPy) {
  const Json cases = testing::significance_cases("stratified");
  ASSERT_GT(cases.size(), 100U);
  int below_one = 0;
  for (const Json& one : cases) {
    const auto expected = one.at("p").get<double>();
    EXPECT_NEAR(stratified_sign_test_p_value(one.at("strata").get<Strata>()), expected,
                1e-12 * expected)
        << one.dump();
    below_one += expected < 1;
  }
  EXPECT_GT(below_one, 30);
}

TEST(StratifiedSignTest, KnownValues) {
  EXPECT_EQ(stratified_sign_test_p_value(Strata{{9, 1}}), sign_test_p_value(9, 1));
  EXPECT_EQ(stratified_sign_test_p_value(Strata{{0, 0}}), 1.0);
  // A word's detector where 188 of 300 answers have the word, and a unit in the other direction.
  EXPECT_EQ(stratified_sign_test_p_value(Strata{{188, 0}, {0, 112}}), 1.0);
  EXPECT_EQ(stratified_sign_test_p_value(Strata{{188, 0}, {56, 56}}), 1.0);
  EXPECT_EQ(stratified_sign_test_p_value(Strata{{188, 0}, {0, 0}}), 1.0);
  // The weakest stratum decides.
  EXPECT_EQ(stratified_sign_test_p_value(Strata{{188, 0}, {7, 1}}), sign_test_p_value(7, 1));
  EXPECT_EQ(stratified_sign_test_p_value(Strata{{0, 188}, {1, 7}, {0, 4}}),
            std::max(sign_test_p_value(1, 7), sign_test_p_value(0, 4)));
}

// The worst null hypotheses: strata that go up always, or never, beside one that is a fair coin.
TEST(StratifiedSignTest, HoldsItsLevel) {
  Random random(1);
  for (const double other : {0.0, 0.5, 1.0}) {
    int rejected = 0;
    for (int trial = 0; trial < 4000; ++trial) {
      Strata strata = {{0, 0}, {0, 0}};
      for (int i = 0; i < 60; ++i) ++(random.sign() > 0 ? strata[0].first : strata[0].second);
      for (int i = 0; i < 90; ++i) {
        const bool up = other == 0.5 ? random.sign() > 0 : other == 1;
        ++(up ? strata[1].first : strata[1].second);
      }
      rejected += stratified_sign_test_p_value(strata) <= 0.05;
    }
    EXPECT_LE(rejected, 4000 * 0.05) << other;
  }
}

TEST(StratifiedSignTest, ImpossibleInputIsRefused) {
  expect_refusal<UsageError>([] { stratified_sign_test_p_value({}); }, "no strata");
  expect_refusal<ComputeError>(
      [] {
        stratified_sign_test_p_value(Strata{{3, 0}, {-1, 2}});
      },
      "-1 against 2");
}

}  // namespace
}  // namespace austeer
