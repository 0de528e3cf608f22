// Plans made from rankings by hand: which units, which values.

#include "steering/recipe.hpp"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <limits>

#include "steering/rankings.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::ranking_of_heads;
using testing::small_ranking;

Edit edit(std::int64_t layer, Operation operation, std::vector<std::int64_t> dims,
          std::vector<float> values, Positions positions = Positions::all) {
  return {Site::ffn, layer, operation, std::move(dims), std::move(values), positions};
}

std::vector<Edit> edits(const Ranking& ranking, const PlanRecipe& recipe) {
  return plan_from_ranking(ranking, recipe).edits;
}

void refuse(const PlanRecipe& recipe, const std::string& message,
            const Ranking& ranking = small_ranking()) {
  expect_refusal<UsageError>([&] { plan_from_ranking(ranking, recipe); }, message);
}

// small_ranking(), best first: (1,2) +.9, (0,1) -.8, (1,0) +.8, (0,0) +.5, (0,2) +.3, (1,1) 0;
// mean activations -2, 3, 1, 0, .1, -1.
TEST(Rules, Scale) {
  const Plan plan = plan_from_ranking(small_ranking(), {.k = 3, .alpha = 10});
  EXPECT_EQ(plan.edits, (std::vector<Edit>{edit(0, Operation::scale, {1}, {-8}),
                                           edit(1, Operation::scale, {0, 2}, {8, 9})}));
  EXPECT_EQ(plan.units(), 3);
}

TEST(Rules, DirectedAndAdd) {
  for (const auto& [rule, operation] :
       {std::pair{Rule::directed, Operation::directed}, std::pair{Rule::add, Operation::add}}) {
    EXPECT_EQ(
        edits(small_ranking(), {.k = 3, .alpha = 10, .rule = rule}),
        (std::vector<Edit>{edit(0, operation, {1}, {-8}), edit(1, operation, {0, 2}, {8, 9})}));
  }
}

TEST(Rules, Oriented) {
  const PlanRecipe three{.k = 3, .alpha = 10, .rule = Rule::oriented};
  EXPECT_EQ(edits(small_ranking(), three),
            (std::vector<Edit>{edit(0, Operation::scale, {1}, {-8}),
                               edit(1, Operation::scale, {0, 2}, {8, -9})}));
  // The fourth unit has no usual sign: it counts, but is not edited.
  const Plan four =
      plan_from_ranking(small_ranking(), {.k = 4, .alpha = 10, .rule = Rule::oriented});
  EXPECT_EQ(four.edits, edits(small_ranking(), three));
  EXPECT_EQ(four.provenance.at("activations_per_token"), 3);
}

TEST(Rules, ClampOverwritesTheWholeSite) {
  const Plan plan = plan_from_ranking(small_ranking(), {.k = 1, .alpha = 10, .rule = Rule::clamp});
  EXPECT_EQ(
      plan.edits,
      (std::vector<Edit>{edit(0, Operation::clamp, {0, 1, 2}, {0, 0, 0}, Positions::last_prompt),
                         edit(1, Operation::clamp, {0, 1, 2}, {0, 0, 9}, Positions::last_prompt)}));
  EXPECT_EQ(plan.units(), 1);
  refuse({.rule = Rule::clamp, .positions = Positions::all}, "last_prompt alone");
}

// The values are a - 1, so that (1,2) has a = 1.5, (0,1) .25, (1,0) 1 + 2^-52. Means of the
// positive and negative texts, from their mean momentum and mean activation: 0 and -4; 2 and 4;
// 3 and 1.
Ranking ranking_of_maps() {
  Ranking ranking = small_ranking();
  ranking.rule = Rule::transport;
  ranking.alpha = 1;
  const auto set = [&](std::size_t rank, double value, double positive, double negative) {
    RankedUnit& unit = ranking.units[rank];
    unit.value = value;
    unit.mean_momentum = positive - negative;
    unit.mean_activation = (positive + negative) / 2;
  };
  set(0, 0.5, 0, -4);
  set(1, -0.75, 2, 4);
  set(2, std::numeric_limits<double>::epsilon(), 3, 1);
  return ranking;
}

TEST(Rules, TransportScalesThenShifts) {
  const Plan plan = plan_from_ranking(ranking_of_maps(), {.k = 2});
  EXPECT_EQ(plan.edits, (std::vector<Edit>{edit(0, Operation::scale, {1}, {-.75F}),
                                           edit(1, Operation::scale, {2}, {.5F}),
                                           edit(0, Operation::add, {1}, {2 - .25F * 4}),
                                           edit(1, Operation::add, {2}, {1.5F * 4})}));
  EXPECT_EQ(plan.units(), 2);
  EXPECT_EQ(plan.provenance.at("alpha"), 1);
  EXPECT_EQ(plan.provenance.at("activations_per_token"), 2);
  EXPECT_EQ(edits(ranking_of_maps(), {.k = 1, .alpha = 0.25}),
            (std::vector<Edit>{edit(1, Operation::scale, {2}, {.125F}),
                               edit(1, Operation::add, {2}, {1.5F})}));
  const auto shift = edits(ranking_of_maps(), {.units = {{{}, 1, 0}}});
  ASSERT_EQ(shift.size(), 2U);
  EXPECT_EQ(1 + shift[0].values[0], 1.0F);
  EXPECT_EQ(shift[1].values, (std::vector<float>{2}));
}

TEST(Rules, TransportNeedsMapsAndTheirStrengths) {
  refuse({.rule = Rule::transport}, "Rank with --set value=transport");
  const auto refuse_maps = [](const PlanRecipe& recipe, const std::string& message) {
    refuse(recipe, message, ranking_of_maps());
  };
  refuse_maps({.rule = Rule::directed}, "transport maps, which the rule directed cannot carry out");
  refuse_maps({.alpha = 1.01}, "expected 0 to 1; found 1.01");
  refuse_maps({.alpha = -0.5}, "expected 0 to 1; found -0.5");
  for (const Control control : {Control::random, Control::direction, Control::magnitude}) {
    refuse_maps({.k = 1, .control = control}, "Take random_own or layer");
  }
  const PlanRecipe own{.k = 1, .control = Control::layer};
  EXPECT_EQ(edits(ranking_of_maps(), own).size(), 2U);
}

TEST(Rules, ZeroAndMeanSetUnits) {
  const Plan zero = plan_from_ranking(small_ranking(), {.k = 3, .rule = Rule::zero});
  EXPECT_EQ(zero.edits, (std::vector<Edit>{edit(0, Operation::set, {1}, {0}),
                                           edit(1, Operation::set, {0, 2}, {0, 0})}));
  EXPECT_FALSE(zero.provenance.contains("alpha"));
  EXPECT_EQ(zero.provenance.at("rule"), "zero");
  const std::vector<Edit> means = {edit(0, Operation::set, {1}, {3}),
                                   edit(1, Operation::set, {0, 2}, {1, -2})};
  EXPECT_EQ(edits(small_ranking(), {.k = 3, .rule = Rule::mean}), means);
  Ranking maps = small_ranking();
  maps.rule = Rule::transport;
  EXPECT_EQ(edits(maps, {.k = 3, .rule = Rule::mean}), means);
  for (const Rule rule : {Rule::zero, Rule::mean}) {
    refuse({.alpha = 1, .rule = rule}, "has no strength");
    refuse({.rule = rule, .control = Control::direction}, "has no direction");
  }
}

TEST(Rules, Names) {
  for (const Rule rule : {Rule::scale, Rule::directed, Rule::oriented, Rule::add, Rule::clamp,
                          Rule::transport, Rule::zero, Rule::mean}) {
    EXPECT_EQ(enum_value<Rule>(enum_name(rule)), rule);
  }
  expect_refusal<UsageError>([] { enum_value<Rule>("direct"); }, "did you mean 'directed'");
}

TEST(Recipe, TheRankingSaysWhatIsNotAsked) {
  Ranking ranking = small_ranking();
  ranking.rule = Rule::add;
  ranking.positions = Positions::last;
  EXPECT_EQ(edits(ranking, {.k = 1, .alpha = 1}),
            (std::vector<Edit>{edit(1, Operation::add, {2}, {.9F}, Positions::last)}));
  ranking.alpha = 2;
  EXPECT_EQ(edits(ranking, {.k = 1})[0].values, (std::vector<float>{1.8F}));
  const PlanRecipe other{.k = 1, .alpha = 1, .rule = Rule::scale, .positions = Positions::all};
  EXPECT_EQ(edits(ranking, other), (std::vector<Edit>{edit(1, Operation::scale, {2}, {.9F})}));
}

TEST(Recipe, UnitsWithoutValueNeverCount) {
  EXPECT_EQ(edits(small_ranking(), {.k = 100, .alpha = 1}),
            (std::vector<Edit>{edit(0, Operation::scale, {0, 1, 2}, {.5F, -.8F, .3F}),
                               edit(1, Operation::scale, {0, 2}, {.8F, .9F})}));
  Ranking gap = small_ranking();
  gap.units[1].value = 0;
  EXPECT_EQ(edits(gap, {.k = 2, .alpha = 10}),
            (std::vector<Edit>{edit(1, Operation::scale, {0, 2}, {8, 9})}));
  Ranking nothing = small_ranking();
  for (RankedUnit& unit : nothing.units) unit.value = 0;
  expect_refusal<UsageError>([&] { plan_from_ranking(nothing, {.k = 5}); },
                             "no unit of this ranking has a value");
  for (RankedUnit& unit : nothing.units) unit.value = unit.layer == 1 ? 1 : 0;
  expect_refusal<UsageError>([&] { plan_from_ranking(nothing, {.layer = 0}); },
                             "no unit of layer 0 has a value");
}

// Heads of two dims; the groups go through the two layers in turn: (0,0) (1,0) (0,1) (1,1) ...
TEST(Recipe, KCountsGroups) {
  Ranking ranking = ranking_of_heads(2, 3);
  const Plan plan = plan_from_ranking(ranking, {.k = 3, .alpha = 2});
  EXPECT_EQ(
      plan.edits,
      (std::vector<Edit>{
          {Site::attention,
           0,
           Operation::add,
           {0, 1, 2, 3},
           {6, -8, 18, -24},
           Positions::from_last_prompt},
          {Site::attention, 1, Operation::add, {0, 1}, {12, -16}, Positions::from_last_prompt}}));
  EXPECT_EQ(plan.units(), 6);
  // A group with one value left counts; its other unit is not edited.
  ranking.units[0].value = 0;
  EXPECT_EQ(edits(ranking, {.k = 1, .alpha = 2})[0].dims, (std::vector<std::int64_t>{1}));
}

TEST(Recipe, OneLayer) {
  const auto found = edits(ranking_of_heads(2, 3), {.k = 2, .alpha = 1, .layer = 1});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].layer, 1);
  EXPECT_EQ(found[0].values, (std::vector<float>{6, -8, 12, -16}));
  refuse({.layer = 2}, "no such layer; expected 0 to 1; found 2");
  refuse({.layer = -1}, "no such layer");
}

TEST(Recipe, NamedUnits) {
  EXPECT_EQ(edits(small_ranking(), {.alpha = 10, .units = {{{}, 0, 2}, {Site::ffn, 1, 0}}}),
            (std::vector<Edit>{edit(0, Operation::scale, {2}, {3}),
                               edit(1, Operation::scale, {0}, {8})}));
  // Single units of a head.
  EXPECT_EQ(edits(ranking_of_heads(2, 3), {.alpha = 1, .units = {{{}, 1, 3}}})[0].values,
            (std::vector<float>{-16}));
  refuse({.units = {{{}, 0, 3}}}, "there is no unit 0:3");
  refuse({.units = {{{}, 2, 0}}}, "there is no unit 2:0");
  refuse({.units = {{{}, 0, 1}, {Site::ffn, 0, 1}}}, "ffn:0:1 is named twice");
  refuse({.units = {{{}, 1, 1}}}, "1:1 has no value");
  refuse({.units = {{Site::layer, 0, 1}}}, "layer:0:1 is of no site of the ranking, which has ffn");
  refuse({.layer = 0, .units = {{{}, 0, 1}}}, "a layer beside them");
}

TEST(Recipe, SeveralSites) {
  Ranking ranking = small_ranking();
  ranking.sites = {{Site::attention, 3, 1}, {Site::ffn, 3, 1}};
  ranking.layers = 1;
  for (RankedUnit& unit : ranking.units) {
    unit.site = unit.layer;
    unit.layer = 0;
  }
  EXPECT_EQ(edits(ranking, {.k = 3, .alpha = 10}),
            (std::vector<Edit>{{Site::attention, 0, Operation::scale, {1}, {-8}},
                               {Site::ffn, 0, Operation::scale, {0, 2}, {8, 9}}}));
  EXPECT_EQ(plan_from_ranking(ranking, {}).provenance.at("site"), "attention,ffn");
  refuse({.units = {{{}, 0, 1}}}, "Name the site too", ranking);
  EXPECT_EQ(edits(ranking, {.alpha = 10, .units = {{Site::attention, 0, 1}}})[0].values,
            (std::vector<float>{-8}));
}

TEST(Recipe, SuppressionScalesTheLast) {
  const Plan plan =
      plan_from_ranking(small_ranking(), {.suppress_share = 0.5, .suppress_factor = 0.25});
  EXPECT_EQ(plan.edits, (std::vector<Edit>{edit(0, Operation::scale, {0, 2}, {-.75F, -.75F}),
                                           edit(1, Operation::scale, {1}, {-.75F})}));
  EXPECT_EQ(plan.provenance.at("suppress").at("share"), 0.5);
  EXPECT_EQ(plan.provenance.at("activations_per_token"), 3);
  EXPECT_EQ(plan_from_ranking(small_ranking(), {.suppress_share = 0}).units(), 0);
  EXPECT_EQ(plan_from_ranking(small_ranking(), {.suppress_share = 1}).units(), 6);
  // Groups count; 0.29 of 100 is 29, although 0.29 * 100 is less in binary.
  EXPECT_EQ(plan_from_ranking(ranking_of_heads(10, 10), {.suppress_share = 0.29}).units(), 58);
  refuse({.suppress_share = 1.5}, "expected 0 to 1; found 1.5");
  refuse({.suppress_share = std::nan("")}, "out of range");
  refuse({.suppress_share = 0.5, .suppress_factor = std::nan("")}, "factor");
  refuse({.k = 1, .suppress_share = 0.5}, "Leave out k");
  refuse({.alpha = 1, .suppress_share = 0.5}, "Leave out");
  refuse({.rule = Rule::directed, .suppress_share = 0.5}, "Leave out");
  refuse({.layer = 1, .suppress_share = 0.5}, "Leave out");
  refuse({.units = {{{}, 0, 1}}, .suppress_share = 0.5}, "Leave out");
  refuse({.control = Control::random, .suppress_share = 0.5}, "Leave out");
}

TEST(Recipe, WhatWouldDoNothingIsRefused) {
  refuse({.seed = 1}, "the seed is that of a control");
  refuse({.control = Control::magnitude, .seed = 1}, "draws nothing");
  refuse({.suppress_factor = 1}, "how far suppression goes");
  refuse({.k = 1, .units = {{{}, 0, 1}}}, "leave out k");
}

TEST(Recipe, OneWholeLayerUnlessMoreAreAsked) {
  Ranking ranking = small_ranking();
  ranking.sites[0].group = ranking.sites[0].width;
  std::ranges::stable_sort(ranking.units, std::greater<>(), &RankedUnit::layer);
  const Plan plan = plan_from_ranking(ranking, {});
  ASSERT_EQ(plan.edits.size(), 1U);
  EXPECT_EQ(plan.edits[0].layer, 1);
  EXPECT_EQ(plan.provenance.at("k"), 1);
  EXPECT_EQ(edits(ranking, {.k = 2}).size(), 2U);
}

TEST(Recipe, ProvenanceSaysWhereThePlanComesFrom) {
  const Json found =
      plan_from_ranking(small_ranking(), {.k = 2, .alpha = 1.5, .rule = Rule::directed}).provenance;
  EXPECT_EQ(found.at("site"), "ffn");
  EXPECT_EQ(found.at("k"), 2);
  EXPECT_EQ(found.at("alpha"), 1.5);
  EXPECT_EQ(found.at("rule"), "directed");
  EXPECT_EQ(found.at("positions"), "all");
  EXPECT_EQ(found.at("activations_per_token"), 2);
  EXPECT_EQ(found.at("ranking").at("method"), "austeer");
  EXPECT_EQ(found.at("ranking").at("pairs"), 10);
  EXPECT_EQ(found.at("ranking").at("provenance").at("cache_keys").at("ffn"), "k1");
  const Json named = plan_from_ranking(small_ranking(), {.units = {{{}, 0, 1}}}).provenance;
  EXPECT_EQ(named.at("units"), Json::array({"0:1"}));
  EXPECT_FALSE(named.contains("k"));
}

TEST(Recipe, ImpossibleRequests) {
  refuse({.k = 0}, "expected k >= 1");
  refuse({.k = -3}, "k = -3");
  refuse({.alpha = std::numeric_limits<double>::quiet_NaN()}, "alpha is not a number");
  refuse({.alpha = std::numeric_limits<double>::infinity()}, "found inf");
  refuse({.alpha = 1e300}, "beyond float32");
}

}  // namespace
}  // namespace austeer
