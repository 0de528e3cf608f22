// p-values of the stratified score: a unit that only tells the answers apart must not pass, however
// unbalanced the labels are, and one that follows the pairs must.

#include <gtest/gtest.h>
#include <map>

#include "statistics/sign_test.hpp"
#include "steering/assemble.hpp"
#include "steering/ranking_methods.hpp"
#include "steering/rankings.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::TemporaryFolder;

/// 300 pairs, 188 of them answered yes (BoolQ's 62.7 %): noise, but in layer 0 for
///   dim 0  a detector of the word: up where the answer is yes, down where it is no
///   dim 1  the same in 95 of 100 pairs
///   dim 2  a unit that goes up in 80 of 100 pairs of either class
///   dim 3  one that goes down in each pair
///   dim 4  one that goes up in every yes and is a fair coin in the others
class StratifiedPValues : public ::testing::Test {
 protected:
  static constexpr std::int64_t pairs = 300;
  static constexpr std::int64_t yes = 188;

  StratifiedPValues() {
    at::manual_seed(12);
    const at::Tensor momentum = at::randn({pairs, 3, 100});
    for (std::int64_t i = 0; i < pairs; ++i) {
      const bool is_yes = i < yes;
      const at::Tensor row = momentum[i][0];
      row[0] = is_yes ? 1 : -1;
      row[1] = is_yes == (i % 20 != 0) ? 1 : -1;
      row[2] = i % 5 == 0 ? -1 : 1;
      row[3] = -1;
      row[4] = is_yes || i % 2 == 0 ? 1 : -1;
      classes_.emplace_back(is_yes ? "yes" : "no");
    }
    testing::write_cache(folder_.path(), {{"ffn", momentum, at::zeros_like(momentum)}}, 64,
                         classes_);
  }

  /// The p-values of layer 0's first units, and how many of all units pass at an FDR of 5 %.
  std::pair<std::map<int, double>, std::int64_t> rank(const std::string& score) const {
    const std::vector<std::string> ffn = {"ffn"};
    const Ranking ranking = rank_austeer(ActivationCache(folder_.path()), ffn, {{"score", score}});
    check_ranking(ranking, "test");
    std::map<int, double> p;
    for (const RankedUnit& unit : ranking.units) {
      if (unit.layer == 0 && unit.dim < 5) p[unit.dim] = unit.p_value;
    }
    return {p, std::ranges::count_if(q_values(ranking), [](double q) { return q <= 0.05; })};
  }

  TemporaryFolder folder_;
  std::vector<std::string> classes_;
};

TEST_F(StratifiedPValues, DetectorsOfTheAnswerDoNotPass) {
  const auto [pooled, pooled_passes] = rank("momentum");
  EXPECT_LT(pooled.at(0), 2e-5) << "188 of 300 would be far beyond chance";
  EXPECT_LT(pooled.at(1), 1e-3);
  EXPECT_LT(pooled.at(4), 1e-15);
  const auto [p, passes] = rank("stratified");
  EXPECT_EQ(p.at(0), 1.0);
  EXPECT_EQ(p.at(1), 1.0);
  EXPECT_EQ(p.at(4), 1.0) << "56 against 56";
  EXPECT_EQ(pooled_passes, 5);
  EXPECT_EQ(passes, 2);
}

TEST_F(StratifiedPValues, UnitsThatFollowThePairsPass) {
  const auto [p, passes] = rank("stratified");
  // 188 = 150 + 38, 112 = 90 + 22: the smaller class decides.
  EXPECT_DOUBLE_EQ(p.at(2), sign_test_p_value(90, 22));
  EXPECT_LT(p.at(2), 1e-9);
  EXPECT_DOUBLE_EQ(p.at(3), sign_test_p_value(0, 112));
}

}  // namespace
}  // namespace austeer
