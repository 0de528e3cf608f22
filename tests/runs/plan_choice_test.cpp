// --plan and its companions: what a ranking becomes, what a plan refuses; and the options of
// methods as they are written on a command line.

#include "runs/plan_choice.hpp"

#include <gtest/gtest.h>

#include "base/version.hpp"
#include "runs/rank.hpp"
#include "steering/ranking.hpp"
#include "tensors/gguf.hpp"
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
  choice.recipe = {.k = 2, .alpha = 0.5, .positions = Positions::last};
  const Plan plan = *load_plan_choice(choice);
  EXPECT_EQ(
      plan.edits,
      (std::vector<Edit>{{Site::ffn, 0, Operation::scale, {0, 1}, {2, 1.5F}, Positions::last}}));
  EXPECT_EQ(plan.provenance.at("austeer"), full_version());
  EXPECT_EQ(load_plan_choice({.file = folder / "plan"})->edits, plan.edits);
  EXPECT_EQ(load_plan_choice({.file = folder / "plan"})->provenance, plan.provenance);
  // Without any recipe: k = 16, alpha = 10.
  EXPECT_EQ(load_plan_choice({.file = folder / "ranking"})->edits[0].values,
            (std::vector<float>{40, 30, 20, 10}));
}

TEST(PlanChoice, APlanTakesNoRecipe) {
  TemporaryFolder folder;
  save_ranking(four_units(), folder / "ranking");
  load_plan_choice({.file = folder / "ranking", .save = folder / "plan"});
  const std::vector<PlanRecipe> recipes = {{.k = 1},
                                           {.alpha = 1},
                                           {.rule = Rule::scale},
                                           {.positions = Positions::all},
                                           {.layer = 0},
                                           {.units = {{{}, 0, 1}}},
                                           {.control = Control::random},
                                           {.seed = 0},
                                           {.suppress_share = 0.5},
                                           {.suppress_factor = 0.5}};
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    SCOPED_TRACE(i);
    expect_refusal<UsageError>(
        [&] { load_plan_choice({.file = folder / "plan", .recipe = recipes[i]}); },
        "is a plan: its units and strengths are fixed");
  }
}

/// The least that read_control_vector() takes.
void write_small_vector(const std::filesystem::path& file) {
  write_gguf(file, {{"general.architecture", "controlvector"}},
             {{"direction.1", at::tensor({0.0F, 1.5F})}});
}

TEST(PlanChoice, VectorsOfAnotherProgramTakeAStrengthAlone) {
  TemporaryFolder folder;
  write_small_vector(folder / "v.gguf");
  const auto values = [&](const PlanRecipe& recipe) {
    const Plan plan =
        *load_plan_choice({.file = folder / "v.gguf", .recipe = recipe, .save = folder / "plan"});
    EXPECT_EQ(load_plan_choice({.file = folder / "plan"})->edits, plan.edits);
    return plan.edits.at(0).values;
  };
  EXPECT_EQ(values({}), std::vector<float>{1.5F});
  EXPECT_EQ(values({.alpha = -2}), std::vector<float>{-3});
  EXPECT_FALSE(PlanSource(folder / "v.gguf").is_fixed());
  EXPECT_FALSE(PlanSource(folder / "v.gguf").is_ranking());
  EXPECT_TRUE(PlanSource(folder / "plan").is_fixed());
  const std::vector<PlanRecipe> recipes = {
      {.k = 1},     {.alpha = 1, .rule = Rule::scale}, {.positions = Positions::all},
      {.layer = 0}, {.units = {{{}, 0, 1}}},           {.control = Control::random},
      {.seed = 0},  {.suppress_share = 0.5},           {.suppress_factor = 0.5}};
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    SCOPED_TRACE(i);
    expect_refusal<UsageError>([&] { values(recipes[i]); },
                               "v.gguf holds another program's vectors");
  }
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
