// Sessions on a tiny model: answers against those of continue_prompt, and what each line changes.

#include <algorithm>
#include <gtest/gtest.h>
#include <utility>

#include "probe_reference.hpp"
#include "runs/steer.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::ProbeReference;
using testing::TemporaryFolder;

/// Every unit of the FFN of `decoder`, through the layers in turn, with the value 1.
Ranking ranking_of_ffn(const Decoder& decoder) {
  Ranking ranking;
  ranking.layers = decoder.config().layers;
  ranking.sites = {{Site::ffn, decoder.site_width(Site::ffn), 1}};
  ranking.pairs = 5;
  ranking.method = "austeer";
  const std::int64_t count = ranking.layers * ranking.sites[0].width;
  for (std::int64_t i = 0; i < count; ++i) {
    RankedUnit unit;
    unit.layer = static_cast<std::int32_t>(i % ranking.layers);
    unit.dim = static_cast<std::int32_t>(i / ranking.layers);
    unit.score = static_cast<double>(count - i);
    unit.value = 1;
    ranking.units.push_back(unit);
  }
  return ranking;
}

class SteeringSessionOf : public ::testing::Test {
 protected:
  SteeringSessionOf() {
    save_ranking(ranking_of_ffn(*reference_.model.decoder), folder_ / "ranking");
    options_.plan.file = folder_ / "ranking";
    options_.plan.recipe.rule = Rule::add;
    options_.max_new_tokens = 4;
  }

  SteeringSession open() const { return {options_, std::move(ProbeReference("biases").model)}; }

  static std::string message(SteeringSession& session, const std::string& line) {
    const SessionReply reply = session.reply(line);
    EXPECT_FALSE(reply.answer.has_value()) << line;
    EXPECT_FALSE(reply.quit) << line;
    return reply.message;
  }

  std::string continued(const Plan* plan) const {
    return continue_prompt(options_, reference_.model, "1", plan);
  }

  ProbeReference reference_{"biases"};
  TemporaryFolder folder_;
  SteerOptions options_;
};

TEST_F(SteeringSessionOf, AnswersBothWays) {
  SteeringSession session = open();
  message(session, ":k 7");
  message(session, " :alpha\t250 ");
  const SessionReply reply = session.reply("  1 \r");
  ASSERT_TRUE(reply.answer.has_value()) << reply.message;
  const Plan plan = PlanSource(options_.plan.file).plan({.k = 7, .alpha = 250, .rule = Rule::add});
  EXPECT_EQ(reply.answer->vanilla, continued(nullptr));
  EXPECT_EQ(reply.answer->steered, continued(&plan));
  EXPECT_NE(reply.answer->steered, reply.answer->vanilla);
  EXPECT_EQ(reply.answer->steered_units, 7);
  EXPECT_EQ(to_json(*reply.answer), (Json{{"prompt", "1"},
                                          {"vanilla", reply.answer->vanilla},
                                          {"steered", reply.answer->steered},
                                          {"k", 7},
                                          {"alpha", 250.0},
                                          {"rule", "add"}}));
}

TEST_F(SteeringSessionOf, CommandsChangeOneSettingEach) {
  SteeringSession session = open();
  EXPECT_EQ(session.summary(),
            "k 16, alpha 10, rule add, positions all: 16 activations edited per token");
  EXPECT_EQ(message(session, ":k 3"),
            "k 3, alpha 10, rule add, positions all: 3 activations edited per token");
  EXPECT_EQ(message(session, ":alpha -0.5"),
            "k 3, alpha -0.5, rule add, positions all: 3 activations edited per token");
  EXPECT_EQ(message(session, ":rule directed"),
            "k 3, alpha -0.5, rule directed, positions all: 3 activations edited per token");
  EXPECT_EQ(message(session, ":show"), session.summary() +
                                           "\nffn:0:0 directed -0.5\nffn:1:0 directed -0.5"
                                           "\nffn:2:0 directed -0.5");
  message(session, ":k 25");
  const std::string shown = message(session, ":show");
  EXPECT_EQ(std::ranges::count(shown, '\n'), 21);
  EXPECT_TRUE(shown.ends_with("\nand 5 more")) << shown;
}

TEST_F(SteeringSessionOf, WhatCannotBeDoneIsToldAndChangesNothing) {
  SteeringSession session = open();
  const std::string before = session.summary();
  const std::vector<std::pair<std::string, std::string>> refused = {
      {":frob", "unknown command ':frob'"},
      {":", "unknown command ':'"},
      {":alpa 3", "did you mean 'alpha'?"},
      {":k", "a value is missing: :k N"},
      {":k many", "expected a whole number; found 'many'"},
      {":k 3.5", "expected a whole number; found '3.5'"},
      {":k 0", "k >= 1"},
      {":alpha strong", "expected a number; found 'strong'"},
      {":alpha inf", "alpha is not a number"},
      {":alpha 1e39", "beyond float32"},
      {":rule scal", "did you mean 'scale'?"},
      {":quit now", ":quit takes no value"},
      {":save " + (folder_ / "no/folder/plan").string(), "no/folder/plan"}};
  for (const auto& [line, part] : refused) {
    const std::string told = message(session, line);
    EXPECT_NE(told.find(part), std::string::npos) << line << ": " << told;
    EXPECT_EQ(told.find('\n'), std::string::npos) << line;
    EXPECT_EQ(session.summary(), before);
  }
  EXPECT_TRUE(session.reply("1").answer.has_value());
}

TEST_F(SteeringSessionOf, AnAnswerThatFailsDoesNotEndIt) {
  SteeringSession session = open();
  message(session, ":alpha 3e38");
  EXPECT_NE(message(session, "1").find("NaN or infinite"), std::string::npos);
  message(session, ":alpha 1");
  EXPECT_TRUE(session.reply("1").answer.has_value());
}

TEST_F(SteeringSessionOf, ASavedPlanSteersAlikeAndIsFixed) {
  SteeringSession session = open();
  message(session, ":k 5");
  message(session, ":alpha 250");
  const std::string file = (folder_ / "saved plan").string();
  EXPECT_EQ(message(session, ":save " + file), "wrote " + file);
  options_.plan.file = file;
  options_.plan.recipe = {};
  SteeringSession fixed = open();
  EXPECT_EQ(fixed.summary(), session.summary());
  EXPECT_EQ(to_json(*fixed.reply("1").answer), to_json(*session.reply("1").answer));
  for (const char* line : {":k 3", ":alpha 3", ":rule add"}) {
    EXPECT_NE(message(fixed, line).find("saved plan is a plan: its units and strengths are fixed"),
              std::string::npos)
        << line;
  }
  EXPECT_EQ(fixed.summary(), session.summary());
}

TEST_F(SteeringSessionOf, EmptyLinesHelpAndTheEnd) {
  SteeringSession session = open();
  EXPECT_EQ(message(session, ""), "");
  EXPECT_EQ(message(session, " \t"), "");
  const std::string help = message(session, ":help");
  for (const char* command :
       {":k N", ":alpha X", ":rule NAME", ":show", ":save FILE", ":help", ":quit"}) {
    EXPECT_NE(help.find(command), std::string::npos) << command;
  }
  EXPECT_TRUE(session.reply(":quit").quit);
}

TEST_F(SteeringSessionOf, APlanThatDoesNotFitIsRefusedAtTheStart) {
  Ranking ranking = ranking_of_ffn(*reference_.model.decoder);
  RankedUnit unit = ranking.units.front();
  unit.layer = static_cast<std::int32_t>(ranking.layers++);
  unit.score += 1;
  for (; unit.dim < ranking.sites[0].width; ++unit.dim) {
    ranking.units.insert(ranking.units.begin() + unit.dim, unit);
  }
  save_ranking(ranking, options_.plan.file);
  testing::expect_refusal<UsageError>([&] { open(); }, "does not fit the model");
  ranking.provenance = {{"fingerprints", {{"model", "another"}}}};
  save_ranking(ranking, options_.plan.file);
  testing::expect_refusal<UsageError>([&] { open(); }, "was made for another model");
}

}  // namespace
}  // namespace austeer
