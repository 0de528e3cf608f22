// Metrics by hand, and against NumPy and SciPy (tests/reference/scorers.py).

#include "scorers/scorer_metrics.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "scorer_reference.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using Values = std::vector<double>;

TEST(ScorerMetrics, ByHand) {
  // Toxic texts score 0.9 and 0.4, the others 0.4, 0.1 and 0.5: of 6 comparisons 4 are won, one is
  // a tie and one lost.
  const ScorerMetrics metrics =
      scorer_metrics(Values{0.9, 0.4, 0.4, 0.1, 0.5}, Values{1, 0.6, 0.2, 0, 0.5});
  EXPECT_EQ(metrics.texts, 5);
  EXPECT_EQ(metrics.toxic, 2);
  EXPECT_DOUBLE_EQ(metrics.auc, 4.5 / 6);
  EXPECT_DOUBLE_EQ(metrics.agreement, 4.0 / 5);  // 0.5 is not above 0.5, on either side
  EXPECT_NEAR(metrics.brier, (0.01 + 0.36 + 0.16 + 0.01 + 0.25) / 5, 1e-15);
}

TEST(ScorerMetrics, ReliabilityBinsAreHalfOpen) {
  const ScorerMetrics metrics =
      scorer_metrics(Values{0, 0.1, 0.3, 0.7, 1, 0.95}, Values{0, 0.2, 0.6, 0.5, 1, 0.4});
  ASSERT_EQ(metrics.reliability.size(), 10U);
  Values texts;
  for (const ReliabilityBin& bin : metrics.reliability) {
    texts.push_back(static_cast<double>(bin.texts));
  }
  EXPECT_EQ(texts, (Values{1, 1, 0, 1, 0, 0, 0, 1, 0, 2}));
  EXPECT_DOUBLE_EQ(metrics.reliability[9].mean_score, 0.975);
  EXPECT_DOUBLE_EQ(metrics.reliability[9].mean_label, 0.7);
  EXPECT_DOUBLE_EQ(metrics.reliability[9].toxic_share, 0.5);
  EXPECT_EQ(metrics.reliability[2].mean_score, 0);
}

TEST(ScorerMetrics, EqualReference) {
  const Json cases = testing::scorer_reference("metrics.json");
  ASSERT_EQ(cases.size(), 3U);
  for (const Json& one : cases) {
    const ScorerMetrics metrics =
        scorer_metrics(one.at("scores").get<Values>(), one.at("labels").get<Values>());
    EXPECT_NEAR(metrics.auc, one.at("auc").get<double>(), 1e-12);
    EXPECT_NEAR(metrics.agreement, one.at("agreement").get<double>(), 1e-12);
    EXPECT_NEAR(metrics.pearson, one.at("pearson").get<double>(), 1e-12);
    EXPECT_NEAR(metrics.brier, one.at("brier").get<double>(), 1e-12);
    for (std::size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(metrics.reliability[i].texts, one.at("counts")[i].get<std::int64_t>()) << i;
    }
  }
}

TEST(ScorerMetrics, RefusesWhatHasNoFigures) {
  expect_refusal<UsageError>([] { scorer_metrics(Values{0.1}, Values{}); },
                             "scores do not belong to the labels");
  expect_refusal<UsageError>([] { scorer_metrics(Values{0.1, 1.1}, Values{0, 1}); }, "no score");
  expect_refusal<UsageError>(
      [] {
        scorer_metrics(Values{0.1, 0.9}, Values{0.6, 1});
      },
      "labels above and below 0.5");
  expect_refusal<UsageError>([] { scorer_metrics(Values{0.3, 0.3}, Values{0, 1}); }, "same score");
}

}  // namespace
}  // namespace austeer
