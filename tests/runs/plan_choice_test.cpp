// --plan and its companions: what is a ranking's recipe, what a plan refuses, what would be idle;
// and the options of methods as they are written on a command line.

#include "runs/plan_choice.hpp"

#include <functional>
#include <gtest/gtest.h>

#include "runs/rank.hpp"
#include "steering/ranking.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

/// Four units of one layer, best first, with the values 4, 3, 2, 1.
Ranking four_units() {
  Ranking ranking;
  ranking.sites = {{Site::ffn, 4, 1}};
  ranking.layers = 1;
  ranking.pairs = 5;
  ranking.method = "austeer";
  for (std::int32_t i = 0; i < 4; ++i) {
    RankedUnit unit;
    unit.dim = i;
    unit.score = unit.value = 4 - i;
    ranking.units.push_back(unit);
  }
  return ranking;
}

TEST(PlanChoice, ARankingBecomesAPlanAndAPlanStaysOne) {
  TemporaryFolder folder;
  save_ranking(four_units(), folder / "ranking");
  EXPECT_FALSE(load_plan_choice({}).has_value());
  PlanChoice choice{.file = folder / "ranking", .save = folder / "plan"};
  choice.k = 2;
  choice.alpha = 0.5;
  choice.positions = Positions::last;
  const Plan plan = *load_plan_choice(choice);
  EXPECT_EQ(
      plan.edits,
      (std::vector<Edit>{{Site::ffn, 0, Operation::scale, {0, 1}, {2, 1.5F}, Positions::last}}));
  EXPECT_EQ(load_plan_choice({.file = folder / "plan"})->edits, plan.edits);
  // Without any recipe: k = 16, alpha = 10.
  EXPECT_EQ(load_plan_choice({.file = folder / "ranking"})->edits[0].values,
            (std::vector<float>{40, 30, 20, 10}));
}

TEST(PlanChoice, APlanTakesNoRecipe) {
  TemporaryFolder folder;
  save_ranking(four_units(), folder / "ranking");
  load_plan_choice({.file = folder / "ranking", .save = folder / "plan"});
  const std::vector<std::function<void(PlanChoice&)>> recipes = {
      [](auto& choice) { choice.k = 1; },
      [](auto& choice) { choice.alpha = 1; },
      [](auto& choice) { choice.rule = Rule::scale; },
      [](auto& choice) { choice.positions = Positions::all; },
      [](auto& choice) { choice.layer = 0; },
      [](auto& choice) {
        choice.units = {{{}, 0, 1}};
      },
      [](auto& choice) { choice.control = Control::random; },
      [](auto& choice) { choice.seed = 0; },
      [](auto& choice) { choice.suppress = 0.5; },
      [](auto& choice) { choice.factor = 0.5; }};
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    SCOPED_TRACE(i);
    PlanChoice choice{.file = folder / "plan"};
    recipes[i](choice);
    expect_refusal<UsageError>([&] { load_plan_choice(choice); },
                               "is a plan: its units and strengths are fixed");
  }
}

TEST(PlanChoice, WhatWouldDoNothingIsRefused) {
  TemporaryFolder folder;
  save_ranking(four_units(), folder / "ranking");
  const auto refuse = [&](const std::function<void(PlanChoice&)>& set, const std::string& message) {
    PlanChoice choice{.file = folder / "ranking"};
    set(choice);
    expect_refusal<UsageError>([&] { load_plan_choice(choice); }, message);
  };
  refuse([](auto& choice) { choice.seed = 1; }, "--seed is that of a --control");
  refuse(
      [](auto& choice) {
        choice.seed = 1;
        choice.control = Control::magnitude;
      },
      "draws nothing");
  refuse([](auto& choice) { choice.factor = 1; }, "--factor says how far");
  refuse(
      [](auto& choice) {
        choice.units = {{{}, 0, 1}};
        choice.k = 1;
      },
      "leave out --k");
  refuse([](auto& choice) { choice.suppress = choice.alpha = 1; }, "leave out --k and --alpha");
}

TEST(PlanChoice, OneWholeLayerUnlessMoreAreAsked) {
  TemporaryFolder folder;
  Ranking ranking = four_units();
  ranking.layers = 2;
  ranking.sites = {{Site::layer, 2, 2}};
  for (std::size_t i = 0; i < 4; ++i) {
    RankedUnit& unit = ranking.units[i];
    unit.layer = i < 2 ? 1 : 0;
    unit.dim = static_cast<std::int32_t>(i % 2);
    unit.score = unit.layer;
  }
  save_ranking(ranking, folder / "ranking");
  PlanChoice choice{.file = folder / "ranking"};
  const Plan plan = *load_plan_choice(choice);
  ASSERT_EQ(plan.edits.size(), 1U);
  EXPECT_EQ(plan.edits[0].layer, 1);
  choice.k = 2;
  EXPECT_EQ(load_plan_choice(choice)->edits.size(), 2U);
}

TEST(Settings, AreTextsOrScalars) {
  const std::vector<std::string> texts = {"score=effect", "stable=0.5", "seed=7", "sae=a=b",
                                          "x=true",       "y=[1]",      "z="};
  EXPECT_EQ(parse_settings(texts), (Json{{"score", "effect"},
                                         {"stable", 0.5},
                                         {"seed", 7},
                                         {"sae", "a=b"},
                                         {"x", true},
                                         {"y", "[1]"},
                                         {"z", ""}}));
  for (const std::string text : {"score", "=3", ""}) {
    expect_refusal<UsageError>([&] { parse_settings({&text, 1}); }, "expected KEY=VALUE");
  }
  const std::vector<std::string> twice = {"seed=1", "seed=2"};
  expect_refusal<UsageError>([&] { parse_settings(twice); }, "seed is set twice");
}

}  // namespace
}  // namespace austeer
