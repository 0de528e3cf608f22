// p-values and q-values against SciPy's (tests/reference/significance.py).

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "steering/fdr.hpp"
#include "steering/rankings.hpp"
#include "steering/sign_test.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

Json reference(const std::string& name) {
  const std::filesystem::path file =
      std::filesystem::path(AUSTEER_REFERENCE_DIR) / "significance" / name;
  if (!std::filesystem::exists(file)) {
    throw std::runtime_error(file.string() + " is missing: run tests/reference/significance.py " +
                             AUSTEER_REFERENCE_DIR);
  }
  return read_json(file);
}

TEST(SignTest, EqualsSciPy) {
  const Json cases = reference("sign_test.json");
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

TEST(Fdr, EqualsSciPy) {
  const Json families = reference("fdr.json");
  ASSERT_GE(families.size(), 6U);
  for (const Json& family : families) {
    const auto p = family.at("p").get<std::vector<double>>();
    const auto expected = family.at("q").get<std::vector<double>>();
    const std::vector<double> q = benjamini_hochberg(p);
    ASSERT_EQ(q.size(), expected.size());
    for (std::size_t i = 0; i < q.size(); ++i) {
      EXPECT_NEAR(q[i], expected[i], 1e-12 * expected[i]) << i << " of " << q.size();
    }
  }
}

TEST(Fdr, EdgesAndRankings) {
  EXPECT_TRUE(benjamini_hochberg({}).empty());
  const double bad[] = {0.5, -0.1};
  expect_refusal<ComputeError>([&] { benjamini_hochberg(bad); }, "-0.1 is not a p-value");
  const Ranking ranking = testing::small_ranking();
  const std::vector<double> q = q_values(ranking);
  // p in ranking order: .02 .11 .11 1 .25 1
  const double expected[] = {0.02 * 6, 0.11 * 2, 0.11 * 2, 1, 0.25 * 6 / 4, 1};
  for (std::size_t i = 0; i < q.size(); ++i) EXPECT_DOUBLE_EQ(q[i], expected[i]) << i;
}

}  // namespace
}  // namespace austeer
