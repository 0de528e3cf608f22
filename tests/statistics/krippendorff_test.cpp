#include "statistics/krippendorff.hpp"

#include <gtest/gtest.h>

namespace austeer {
namespace {

using Units = std::vector<std::vector<double>>;

// Four observers, twelve units, some of them missing: Krippendorff (2011), section C. The published
// alpha for interval data is 0.849.
TEST(KrippendorffAlpha, EqualsThePublishedExample) {
  const Units units = {{1, 1, 1},    {2, 2, 3, 2}, {3, 3, 3, 3}, {3, 3, 3, 3},
                       {2, 2, 2, 2}, {1, 2, 3, 4}, {4, 4, 4, 4}, {1, 1, 2, 1},
                       {2, 2, 2, 2}, {5, 5, 5},    {1, 1},       {3}};
  EXPECT_NEAR(krippendorff_alpha(units).value(), 0.849, 0.0005);
}

TEST(KrippendorffAlpha, ByHand) {
  // Within: 2 (1 - 3)^2 / 1 = 8 over 4 ratings. All: ordered pairs of 1, 3, 5, 5 give
  // 2 (4 + 16 + 16 + 4 + 4 + 0) = 88 over 4 x 3.
  EXPECT_NEAR(krippendorff_alpha(Units{{1, 3}, {5, 5}}).value(), 1 - (8.0 / 4) / (88.0 / 12),
              1e-12);
  EXPECT_EQ(krippendorff_alpha(Units{{1, 1}, {5, 5}}), 1.0);
  EXPECT_LT(krippendorff_alpha(Units{{1, 5}, {5, 1}}).value(), 0) << "worse than chance";
}

TEST(KrippendorffAlpha, NothingWithoutDisagreementToExpect) {
  EXPECT_EQ(krippendorff_alpha(Units{}), std::nullopt);
  EXPECT_EQ(krippendorff_alpha(Units{{3}, {4}}), std::nullopt);
  EXPECT_EQ(krippendorff_alpha(Units{{3, 3}, {3, 3, 3}}), std::nullopt);
}

}  // namespace
}  // namespace austeer
