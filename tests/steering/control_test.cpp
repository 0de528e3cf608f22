// Controls at a plan's budget: never a chosen group, the same counts per layer, the same norms.

#include "steering/control.hpp"

#include <array>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "steering/rankings.hpp"
#include "steering/recipe.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::ranking_of_heads;

constexpr std::array all_controls = {Control::random, Control::random_own, Control::direction,
                                     Control::magnitude, Control::layer};

/// 40 units of one layer whose values fall from 1 to 0.025.
Ranking many_units() {
  Ranking ranking = testing::small_ranking();
  ranking.layers = 1;
  ranking.sites[0].width = 40;
  ranking.units.clear();
  for (std::int32_t i = 0; i < 40; ++i) {
    RankedUnit unit;
    unit.dim = i;
    unit.score = unit.value = (40 - i) / 40.0;
    ranking.units.push_back(unit);
  }
  return ranking;
}

std::vector<ChosenGroup> first(const Ranking& ranking, std::size_t k) {
  std::vector<ChosenGroup> chosen;
  for (const auto& group : groups_of(ranking)) {
    if (chosen.size() < k) chosen.emplace_back(group.begin(), group.end());
  }
  return chosen;
}

std::vector<ChosenGroup> control(Control control, const Ranking& ranking, std::size_t k,
                                 std::uint64_t seed) {
  return control_for(control, first(ranking, k), groups_of(ranking), seed);
}

double norm(const ChosenGroup& group) {
  double squares = 0;
  for (const RankedUnit& unit : group) squares += unit.value * unit.value;
  return std::sqrt(squares);
}

std::set<std::pair<int, int>> places(const std::vector<ChosenGroup>& groups) {
  std::set<std::pair<int, int>> result;
  for (const ChosenGroup& group : groups) {
    for (const RankedUnit& unit : group) result.emplace(unit.layer, unit.dim);
  }
  return result;
}

TEST(Control, SameBudgetAndNeverAChosenUnit) {
  const Ranking heads = ranking_of_heads(5, 8);
  const auto chosen = places(first(heads, 6));
  for (const Control kind : all_controls) {
    for (const std::uint64_t seed : {0, 1, 2}) {
      SCOPED_TRACE(enum_name(kind) + ", seed " + std::to_string(seed));
      const auto found = control(kind, heads, 6, seed);
      EXPECT_EQ(places(found).size(), 12U);
      std::size_t shared = 0;
      for (const auto& place : places(found)) shared += chosen.count(place);
      EXPECT_EQ(shared, kind == Control::direction ? 12U : 0U);
      EXPECT_EQ(found, control(kind, heads, 6, seed)) << "the same seed, the same control";
    }
    const bool draws = kind != Control::magnitude;
    EXPECT_EQ(control(kind, heads, 6, 0) != control(kind, heads, 6, 1), draws);
  }
}

TEST(Control, RandomComesFromOutsideTheFirstTenth) {
  const Ranking ranking = many_units();
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const auto found = control(Control::random, ranking, 1, seed);
    EXPECT_GE(found[0][0].dim, 4);
    EXPECT_EQ(found[0][0].value, 1) << "the value of the chosen unit";
    const auto own = control(Control::random_own, ranking, 1, seed);
    EXPECT_EQ(own[0][0], ranking.units[static_cast<std::size_t>(own[0][0].dim)]) << "own value";
    EXPECT_EQ(places(own), places(found)) << "the same units";
  }
  EXPECT_EQ(places(control(Control::random, ranking, 20, 7)).size(), 20U) << "all that are left";
}

std::vector<double> values_of(const std::vector<ChosenGroup>& groups) {
  std::vector<double> values;
  for (const ChosenGroup& group : groups) {
    for (const RankedUnit& unit : group) values.push_back(unit.value);
  }
  return values;
}

TEST(Control, RandomHasTheValuesOfTheChosenInAnotherOrder) {
  const Ranking ranking = many_units();
  const std::vector<double> chosen = values_of(first(ranking, 12));
  std::set<std::vector<double>> orders;
  for (const std::uint64_t seed : {0, 1, 2, 3, 4}) {
    std::vector<double> found = values_of(control(Control::random, ranking, 12, seed));
    orders.insert(found);
    std::ranges::sort(found, std::greater());
    EXPECT_EQ(found, chosen);
  }
  EXPECT_EQ(orders.size(), 5U);
}

TEST(Control, RandomLaysHeadsOnHeadsAndUnitsOnUnits) {
  // Heads of two dims at one site, single units at another, in turn.
  Ranking ranking = ranking_of_heads(4, 10);
  ranking.sites.push_back({Site::ffn, 10, 1});
  const std::vector<RankedUnit> heads = ranking.units;
  ranking.units.clear();
  for (std::int32_t i = 0; i < 40; ++i) {
    const auto at = heads.begin() + 2 * i;
    ranking.units.insert(ranking.units.end(), at, at + 2);
    RankedUnit unit;
    unit.site = 1;
    unit.layer = i % 4;
    unit.dim = i / 4;
    unit.value = 0.5 + i;
    ranking.units.push_back(unit);
  }
  const std::vector<ChosenGroup> chosen = first(ranking, 7);  // four heads, three units
  for (const std::uint64_t seed : {0, 1, 2}) {
    std::multiset<std::vector<double>> wanted, found;
    for (const ChosenGroup& group : chosen) wanted.insert(values_of({group}));
    for (const ChosenGroup& group : control(Control::random, ranking, 7, seed)) {
      EXPECT_EQ(group.size(), group.front().site == 0 ? 2U : 1U);
      found.insert(values_of({group}));
    }
    EXPECT_EQ(found, wanted);
  }
}

TEST(Control, DirectionKeepsNorms) {
  const Ranking heads = ranking_of_heads(5, 8);
  const auto found = control(Control::direction, heads, 6, 3);
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_NEAR(norm(found[i]), 5.0 * static_cast<double>(i + 1), 1e-12);
  EXPECT_NE(found[0][0].value / found[0][1].value, -0.75);
  // A single unit's direction is its sign; both come up.
  std::map<double, int> values;
  for (const ChosenGroup& group : control(Control::direction, many_units(), 40, 1)) {
    ++values[group[0].value / ((40 - group[0].dim) / 40.0)];
  }
  EXPECT_EQ(values.size(), 2U);
  EXPECT_GT(values[1], 5);
  EXPECT_GT(values[-1], 5);
}

TEST(Control, DirectionLeavesUnitsWithoutValueAlone) {
  Ranking heads = ranking_of_heads(1, 1);
  heads.units[0].value = 0;
  const auto found = control(Control::direction, heads, 1, 3);
  EXPECT_EQ(found[0][0].value, 0);
  EXPECT_EQ(std::abs(found[0][1].value), 4);
}

TEST(Control, MagnitudeTakesTheNearestOnes) {
  // The first tenth is two groups; the others have magnitudes below 1.2, but for two.
  Ranking heads = ranking_of_heads(1, 20);
  for (const std::size_t i : {0U, 1U, 2U, 3U}) heads.units[i].magnitude = 1.5;
  for (const std::size_t i : {22U, 23U}) heads.units[i].magnitude = 1.25;
  for (const std::size_t i : {24U, 25U}) heads.units[i].magnitude = 1.75;
  const auto found = control(Control::magnitude, heads, 2, 0);
  // Both are as near, so the better ranked one comes first; what is taken is not taken again.
  EXPECT_EQ(found[0][0].dim, 22);
  EXPECT_EQ(found[1][0].dim, 24);
  // Own direction (3, -4), at the norm of the chosen ones.
  EXPECT_NEAR(found[0][0].value, 3, 1e-12);
  EXPECT_NEAR(found[0][1].value, -4, 1e-12);
  EXPECT_NEAR(norm(found[1]), 10, 1e-12);
  // A single unit keeps its sign and takes the chosen one's size.
  Ranking units = many_units();
  for (RankedUnit& unit : units.units) unit.value *= unit.dim % 2 == 0 ? 1 : -1;
  units.units[0].magnitude = 5;
  units.units[17].magnitude = 4.5;
  const RankedUnit nearest = control(Control::magnitude, units, 1, 0)[0][0];
  EXPECT_EQ(nearest.dim, 17);
  EXPECT_DOUBLE_EQ(nearest.value, -1);
}

TEST(Control, LayerKeepsCountsPerLayer) {
  const Ranking heads = ranking_of_heads(5, 8);
  const auto per_layer = [](const std::vector<ChosenGroup>& groups) {
    std::map<int, int> counts;
    for (const ChosenGroup& group : groups) ++counts[group[0].layer];
    return counts;
  };
  EXPECT_EQ(per_layer(control(Control::layer, heads, 7, 4)), per_layer(first(heads, 7)));
  const RankedUnit drawn = control(Control::layer, heads, 7, 4)[0][0];
  EXPECT_EQ(drawn.value, 3 - 3 * drawn.score) << "own values";
}

TEST(Control, LayerKeepsCountsPerSite) {
  Ranking ranking = many_units();  // every fourth unit becomes one of a second site
  ranking.sites = {{Site::attention, 30, 1}, {Site::ffn, 10, 1}};
  for (RankedUnit& unit : ranking.units) {
    const std::int32_t i = unit.dim;
    unit.site = i % 4 == 0 ? 1 : 0;
    unit.dim = i % 4 == 0 ? i / 4 : i - i / 4 - 1;
  }
  const auto per_site = [](const std::vector<ChosenGroup>& groups) {
    std::map<int, int> counts;
    for (const ChosenGroup& group : groups) ++counts[group[0].site];
    return counts;
  };
  for (const std::uint64_t seed : {0, 1, 2, 3, 4}) {
    EXPECT_EQ(per_site(control(Control::layer, ranking, 8, seed)),
              (std::map<int, int>{{0, 6}, {1, 2}}));
  }
}

TEST(Control, TooFewGroupsAreTold) {
  const auto refuse = [](Control kind, const Ranking& ranking, std::size_t k,
                         const std::string& message) {
    expect_refusal<UsageError>([&] { control(kind, ranking, k, 0); }, message);
  };
  refuse(Control::random, many_units(), 21, "outside the first tenth for the control 'random'");
  refuse(Control::random, many_units(), 21, "expected 21 or more");
  refuse(Control::magnitude, many_units(), 21, "found 19");
  refuse(Control::layer, ranking_of_heads(3, 1), 1, "in layer 0 for the control 'layer'");
  Ranking without_values = many_units();
  for (std::size_t i = 1; i < 40; ++i) without_values.units[i].value = 0;
  refuse(Control::random, without_values, 1, "found 0");
}

TEST(Control, OfARecipe) {
  const PlanRecipe recipe{.k = 5, .alpha = 40, .control = Control::random, .seed = 7};
  const Plan plan = plan_from_ranking(many_units(), recipe);
  ASSERT_EQ(plan.edits.size(), 1U);
  EXPECT_EQ(plan.units(), 5);
  EXPECT_GE(plan.edits[0].dims.front(), 5) << "none of the chosen five";
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_GE(plan.edits[0].values[i], 36) << "a value of the chosen five";
  }
  PlanRecipe own = recipe;
  own.control = Control::random_own;
  const Plan plan_own = plan_from_ranking(many_units(), own);
  ASSERT_EQ(plan_own.edits.at(0).dims, plan.edits[0].dims);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_FLOAT_EQ(plan_own.edits[0].values[i], 40 - static_cast<float>(plan.edits[0].dims[i]))
        << "each has its own value";
  }
  EXPECT_EQ(plan.provenance.at("control"), "random");
  EXPECT_EQ(plan.provenance.at("seed"), 7);
  // Of one layer's vector: another layer's, at the norm of the first.
  const Plan other = plan_from_ranking(ranking_of_heads(3, 1),
                                       {.k = 1, .layer = 1, .control = Control::magnitude});
  ASSERT_EQ(other.edits.size(), 1U);
  EXPECT_NE(other.edits[0].layer, 1);
  // Named units of a head have single units as their control.
  const Plan single = plan_from_ranking(
      ranking_of_heads(2, 3), {.units = {{{}, 0, 0}, {{}, 0, 1}}, .control = Control::layer});
  EXPECT_EQ(single.units(), 2);
  EXPECT_EQ(single.edits.at(0).layer, 0);
  EXPECT_GE(single.edits.at(0).dims.front(), 2);
}

TEST(Control, Names) {
  for (const Control kind : all_controls) EXPECT_EQ(enum_value<Control>(enum_name(kind)), kind);
  expect_refusal<UsageError>([] { enum_value<Control>("ramdom"); }, "did you mean 'random'");
}

}  // namespace
}  // namespace austeer
