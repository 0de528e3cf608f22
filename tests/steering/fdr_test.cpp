// q-values of a ranking's units.

#include <gtest/gtest.h>

#include "steering/assemble.hpp"
#include "steering/rankings.hpp"

namespace austeer {
namespace {

TEST(Fdr, QValuesStandInRankingOrder) {
  const std::vector<double> q = q_values(testing::small_ranking());
  // p in ranking order: .02 .11 .11 1 .25 1
  const double expected[] = {0.02 * 6, 0.11 * 2, 0.11 * 2, 1, 0.25 * 6 / 4, 1};
  for (std::size_t i = 0; i < q.size(); ++i) EXPECT_DOUBLE_EQ(q[i], expected[i]) << i;
}

}  // namespace
}  // namespace austeer
