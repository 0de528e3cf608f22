// The pairs that speak for and against units.

#include <algorithm>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "steering/assemble.hpp"
#include "steering/ranking_methods.hpp"
#include "steering/rankings.hpp"
#include "steering/unit_statistics.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

TEST(UnitPairs, AreThoseOfTheLargestMomentaEachWay) {
  const auto [positive, negative] = testing::leaning_activations(23, 6, 4);
  const auto [wide_positive, wide_negative] = testing::leaning_activations(23, 9, 5);
  TemporaryFolder folder;
  testing::write_cache(
      folder.path(), {{"attention", wide_positive, wide_negative}, {"ffn", positive, negative}}, 9);
  const ActivationCache cache(folder.path());
  const std::vector<std::string> sites = {"attention", "ffn"};
  const Ranking ranking = rank_austeer(cache, sites, Json::object());
  const std::vector<UnitPairs> found = extreme_pairs(ranking, ranking.units, cache, 4);
  ASSERT_EQ(found.size(), ranking.units.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const RankedUnit& unit = ranking.units[i];
    const at::Tensor momenta = unit.site == 0 ? wide_positive - wide_negative : positive - negative;
    const at::Tensor own = momenta.select(1, unit.layer).select(1, unit.dim).to(at::kDouble);
    const double sign = unit.value > 0 ? 1 : -1;
    for (const double side : {sign, -sign}) {
      const auto& pairs = side == sign ? found[i].agreeing : found[i].disagreeing;
      const auto [values, order] = (own * side).sort(0, /*descending=*/true);
      const auto expected = std::min<std::int64_t>(4, (own * side > 0).sum().item<std::int64_t>());
      ASSERT_EQ(static_cast<std::int64_t>(pairs.size()), expected);
      for (std::int64_t j = 0; j < expected; ++j) {
        EXPECT_EQ(pairs[static_cast<std::size_t>(j)],
                  (PairMomentum{order[j].item<std::int64_t>(), side * values[j].item<double>()}));
      }
    }
  }
}

TEST(UnitPairs, TiesGoToTheEarlierPairAndUnitsWithoutValueByTheirMean) {
  const at::Tensor positive = at::tensor({1.0F, -2.0F, 1.0F, 0.0F, -2.0F, -1.0F}).view({6, 1, 1});
  TemporaryFolder folder;
  testing::write_cache(folder.path(), positive, at::zeros({6, 1, 1}), 6);
  const ActivationCache cache(folder.path());
  const std::vector<std::string> sites = {"ffn"};
  Ranking ranking = rank_austeer(cache, sites, Json::object());
  const std::vector<PairMomentum> down = {{1, -2}, {4, -2}, {5, -1}};
  const std::vector<PairMomentum> up = {{0, 1}, {2, 1}};
  for (const double value : {ranking.units[0].value, 0.0}) {
    ranking.units[0].value = value;
    const UnitPairs found = extreme_pairs(ranking, ranking.units, cache, 10).front();
    EXPECT_EQ(found.agreeing, down);
    EXPECT_EQ(found.disagreeing, up);
  }
  TemporaryFolder other;
  testing::write_cache(other.path(), positive + 1, at::zeros({6, 1, 1}), 2);
  expect_refusal<UsageError>(
      [&] { extreme_pairs(ranking, ranking.units, ActivationCache(other.path()), 1); },
      "site ffn was not ranked from the cache");
}

TEST(Fdr, CountsWhatIsSignificant) {
  const std::vector<double> q = {0.01, 0.05, 0.0501, 1};
  EXPECT_EQ(significant_units(q), 2);
  EXPECT_EQ(significant_units({}), 0);
}

}  // namespace
}  // namespace austeer
