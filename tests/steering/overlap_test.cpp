// What tops share, counted by hand.

#include "steering/overlap.hpp"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "steering/rankings.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::ranking_of_heads;
using testing::small_ranking;

using Place = std::pair<std::int32_t, std::int32_t>;

/// 2 layers of width 5 at the site ffn; the units of `order` (layer, dim) come first with the
/// values given for them, the others behind with the value 0.1.
Ranking ranking_with_top(const std::vector<Place>& order, const std::vector<double>& values) {
  Ranking ranking;
  ranking.sites = {{Site::ffn, 5, 1}};
  ranking.layers = 2;
  ranking.pairs = 10;
  ranking.method = "austeer";
  double score = 1;
  const auto add = [&](const Place& place, double value) {
    ranking.units.push_back(
        {.layer = place.first, .dim = place.second, .score = score, .value = value});
    score -= 0.05;
  };
  for (std::size_t i = 0; i < order.size(); ++i) add(order[i], values[i]);
  for (std::int32_t layer = 0; layer < 2; ++layer) {
    for (std::int32_t dim = 0; dim < 5; ++dim) {
      if (std::ranges::find(order, Place{layer, dim}) == order.end()) add({layer, dim}, 0.1);
    }
  }
  check_ranking(ranking, "made");
  return ranking;
}

TEST(Overlap, CountsSharedUnitsAndTheirDirections) {
  const Ranking a = ranking_with_top({{0, 1}, {1, 2}, {1, 4}, {0, 3}}, {0.9, -0.8, 0.7, 0.6});
  const Ranking b = ranking_with_top({{1, 2}, {0, 0}, {0, 1}, {1, 3}}, {-0.5, 0.5, -0.5, 0.5});
  const Overlap found = overlap_of(top_of(a, 4), top_of(b, 4));
  EXPECT_EQ(found.k, 4);
  EXPECT_EQ(found.shared, 2);          // (0, 1) and (1, 2)
  EXPECT_EQ(found.same_direction, 1);  // (1, 2)
  EXPECT_DOUBLE_EQ(found.share(), 0.5);
  EXPECT_DOUBLE_EQ(found.expected, 1.6);
  // Of C(10, 4) = 210 choices C(4, i) C(6, 4 - i) share i: 90 share two, 24 three, 1 all.
  EXPECT_NEAR(found.p_value, 115.0 / 210, 1e-14);
  const Overlap own = overlap_of(top_of(a, 4), top_of(a, 4));
  EXPECT_EQ(own.shared, 4);
  EXPECT_EQ(own.same_direction, 4);
  EXPECT_NEAR(own.p_value, 1.0 / 210, 1e-14);
}

TEST(Overlap, PassesOverWhatHasNoValue) {
  const Ranking a = ranking_with_top({{0, 1}, {1, 2}, {1, 4}}, {0.9, 0, 0.7});
  const RankingTop top = top_of(a, 2);
  EXPECT_EQ(top.groups, 10);
  ASSERT_EQ(top.first.size(), 2U);
  EXPECT_TRUE(top.first.contains({Site::ffn, 0, 1}));
  EXPECT_TRUE(top.first.contains({Site::ffn, 1, 4}));
  EXPECT_EQ(top_of(a, 100).first.size(), 9U);
}

TEST(Overlap, OfHeadsCountsHeads) {
  const Ranking heads = ranking_of_heads(2, 3);
  Ranking turned = heads;
  // The first head (values 3, -4) turned by a right angle, the second one by more.
  turned.units[0].value = 4;
  turned.units[1].value = 3;
  turned.units[2].value *= -1;
  turned.units[3].value *= -0.5;
  const Overlap found = overlap_of(top_of(heads, 3), top_of(turned, 3));
  EXPECT_FALSE(top_of(heads, 3).has_single_units());
  EXPECT_EQ(found.shared, 3);
  EXPECT_EQ(found.same_direction, 1);
  EXPECT_DOUBLE_EQ(found.expected, 1.5);
  EXPECT_NEAR(found.p_value, 1.0 / 20, 1e-14);
}

TEST(Overlap, TheOrderOfSitesDoesNotCount) {
  Ranking a = small_ranking();
  a.layers = 1;
  a.sites = {{Site::attention, 2, 1}, {Site::ffn, 1, 1}};
  a.units = {{.site = 0, .dim = 1, .score = 3, .value = 1},
             {.site = 1, .dim = 0, .score = 2, .value = 1},
             {.site = 0, .dim = 0, .score = 1, .value = -1}};
  Ranking b = a;
  std::swap(b.sites[0], b.sites[1]);
  for (RankedUnit& unit : b.units) unit.site = 1 - unit.site;
  EXPECT_EQ(shape_difference(top_of(a, 1), top_of(b, 1)), std::nullopt);
  EXPECT_EQ(overlap_of(top_of(a, 2), top_of(b, 2)).shared, 2);
  EXPECT_DOUBLE_EQ(score_correlation(a, b).value(), 1);
}

TEST(Overlap, CorrelatesSignedScores) {
  const Ranking a = ranking_with_top({{0, 1}, {1, 2}, {1, 4}, {0, 3}}, {0.9, -0.8, 0.7, 0.6});
  EXPECT_DOUBLE_EQ(score_correlation(a, a).value(), 1);
  Ranking against = a;
  for (RankedUnit& unit : against.units) unit.value *= -1;
  EXPECT_DOUBLE_EQ(score_correlation(a, against).value(), -1);
  Ranking without = a;
  for (RankedUnit& unit : without.units) unit.value = 0;
  EXPECT_EQ(score_correlation(a, without), std::nullopt);
  // Heads have no sign: that of their values does not count.
  Ranking heads = ranking_of_heads(2, 3);
  for (RankedUnit& unit : heads.units) unit.value *= -1;
  EXPECT_DOUBLE_EQ(score_correlation(ranking_of_heads(2, 3), heads).value(), 1);
}

TEST(Overlap, ComparesEachWithEachLaterOne) {
  const std::vector<NamedRanking> rankings = {{"a", ranking_with_top({{0, 1}, {1, 2}}, {1, 1})},
                                              {"b", ranking_with_top({{0, 1}, {1, 3}}, {1, 1})},
                                              {"c", ranking_with_top({{1, 3}, {0, 1}}, {-1, 1})}};
  const auto found = compare_rankings(rankings, 2);
  ASSERT_EQ(found.size(), 3U);
  const std::size_t expected[3][4] = {{0, 1, 1, 1}, {0, 2, 1, 1}, {1, 2, 2, 1}};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found[i].first, expected[i][0]);
    EXPECT_EQ(found[i].second, expected[i][1]);
    EXPECT_EQ(found[i].overlap.shared, static_cast<std::int64_t>(expected[i][2]));
    EXPECT_EQ(found[i].overlap.same_direction, static_cast<std::int64_t>(expected[i][3]));
  }
}

TEST(Overlap, RefusesWhatCannotBeCompared) {
  const NamedRanking good{"good", small_ranking()};
  const auto refuse = [&](const std::function<void(Ranking&)>& change, const std::string& message) {
    NamedRanking bad{"bad", small_ranking()};
    change(bad.ranking);
    const std::vector<NamedRanking> both = {good, bad};
    expect_refusal<UsageError>([&] { compare_rankings(both, 2); }, message);
  };
  refuse([](Ranking& r) { r.sites[0].site = Site::layer; },
         "good and bad cannot be compared: their units are not the same ones; expected rankings of "
         "the same sites, layers and widths; found site ffn against layer");
  refuse([](Ranking& r) { r.layers = 1; }, "found 2 layers against 1");
  refuse([](Ranking& r) { r.sites[0].width = 4; }, "found width 3 against 4 at site ffn");
  refuse([](Ranking& r) { r.sites[0].group = 3; }, "found groups of 1 against 3 at site ffn");
  refuse(
      [](Ranking& r) {
        for (RankedUnit& unit : r.units) unit.value = 0;
      },
      "bad: too few units have a value for a top of 2; expected at least 2; found 0");
  const std::vector<NamedRanking> both = {good, good};
  expect_refusal<UsageError>([&] { compare_rankings(both, 0); }, "at least 1; found 0");
  expect_refusal<UsageError>([&] { compare_rankings(std::span(both).first(1), 1); },
                             "compared with another one");
  const RankingTop top = top_of(good.ranking, 2);
  expect_refusal<UsageError>([&] { overlap_of(top, top_of(good.ranking, 1)); }, "the same size");
}

}  // namespace
}  // namespace austeer
