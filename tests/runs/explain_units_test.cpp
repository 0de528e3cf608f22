// What is said of a ranking's units: each part against its own computation.

#include "runs/explain_units.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "cache/writer.hpp"
#include "engine/plan_tap.hpp"
#include "probe_reference.hpp"
#include "steering/ranking_methods.hpp"
#include "steering/rankings.hpp"
#include "tasks/task.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::ProbeReference;
using testing::TemporaryFolder;

const RunOptions on_samples{.datasets = AUSTEER_SOURCE_DIR "/datasets/samples"};

/// Pairs of COPA as the cache's, of one layer and two units.
struct CacheOfCopa {
  explicit CacheOfCopa(const std::string& split) {
    const Task task = load_task("copa", testing::project_configs);
    pairs = task.pairs("train[:4]", on_samples.datasets);
    CacheDescription description;
    description.fingerprints = {{"model", "m1"},
                                {"tokenizer", "t1"},
                                {"task", task.fingerprint()},
                                {"template", "p1"},
                                {"pairs", pairs_fingerprint(pairs)}};
    if (!split.empty()) description.names = {{"split", split}};
    description.sites = {{"ffn", 1, 2}};
    description.pairs = 4;
    description.pairs_per_shard = 4;
    CacheWriter writer(folder.path(), description);
    writer.append({{"ffn", {at::ones({4, 1, 2}), at::zeros({4, 1, 2})}}});
    writer.finish();
  }

  TemporaryFolder folder;
  std::vector<Pair> pairs;
};

TEST(CachedPairs, AreFoundByTaskAndSplit) {
  for (const std::string split : {"", "train[:4]"}) {
    const CacheOfCopa made(split);
    const ActivationCache cache(made.folder.path());
    const CachedPairs found = pairs_of_cache(cache, {}, on_samples);
    EXPECT_EQ(found.missing, "");
    ASSERT_EQ(found.pairs.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(found.pairs[i].positive, made.pairs[i].positive);
      EXPECT_EQ(found.pairs[i].negative, made.pairs[i].negative);
    }
  }
}

TEST(CachedPairs, SayWhyTheyAreMissing) {
  const CacheOfCopa made("");
  const ActivationCache cache(made.folder.path());
  const auto expect_missing = [&](const PairSource& source, const RunOptions& run,
                                  const std::string& part) {
    const CachedPairs found = pairs_of_cache(cache, source, run);
    EXPECT_TRUE(found.pairs.empty());
    EXPECT_NE(found.missing.find(part), std::string::npos) << found.missing;
  };
  expect_missing({.split = "train[1:]"}, on_samples,
                 "the cache's pairs are not the first 4 of the split train[1:] of copa");
  expect_missing({}, {.datasets = "/no/such/folder"}, "/no/such/folder");
  TemporaryFolder folder;
  testing::write_cache(folder.path(), at::ones({2, 1, 2}), at::zeros({2, 1, 2}), 2);
  EXPECT_NE(pairs_of_cache(ActivationCache(folder.path()), {}, on_samples).missing.find("none of "),
            std::string::npos);
  expect_refusal<UsageError>([&] { pairs_of_cache(cache, {.task = "kopa"}, on_samples); }, "copa");
}

TEST(PlanWithout, LeavesOneUnitOut) {
  const Edit scale{Site::ffn, 1, Operation::scale, {2, 5}, {1, 3}};
  const Edit other{Site::attention, 1, Operation::scale, {2}, {7}};
  const Plan plan{{other, scale}};
  const Edit rest{Site::ffn, 1, Operation::scale, {5}, {3}};
  EXPECT_EQ(plan_without(plan, {Site::ffn, 1, 2})->edits, (std::vector<Edit>{other, rest}));
  EXPECT_EQ(plan_without(plan, {Site::attention, 1, 2})->edits, std::vector<Edit>{scale});
  EXPECT_FALSE(plan_without(plan, {Site::ffn, 1, 3}));
  EXPECT_FALSE(plan_without(plan, {Site::ffn, 0, 2}));
  EXPECT_FALSE(plan_without(plan, {Site::layer, 1, 2}));
}

TEST(PlanWithout, ClampsToTheUnsteeredActivation) {
  Edit clamp{Site::ffn, 1, Operation::clamp, {0, 1, 2}, {0, 4, 5}, Positions::last_prompt};
  const Plan plan{{clamp}};
  clamp.values = {0, 0, 5};
  EXPECT_EQ(plan_without(plan, {Site::ffn, 1, 1})->edits, std::vector<Edit>{clamp});
  EXPECT_FALSE(plan_without(plan, {Site::ffn, 1, 0}));
}

/// Probabilities of the next token, float64 [V].
at::Tensor next_probabilities(const ProbeReference& reference, const Tokens& text,
                              const std::vector<Edit>& edits) {
  PlanTap tap({edits}, *reference.model.decoder);
  return Engine(*reference.model.decoder).logits(text, &tap)[-1].to(at::kDouble).softmax(0);
}

double divergence_of(const at::Tensor& p, const at::Tensor& q) {
  double sum = 0;
  for (std::int64_t i = 0; i < p.size(0); ++i) {
    const double probability = p[i].item<double>();
    sum += probability * std::log(probability / q[i].item<double>());
  }
  return sum;
}

TEST(LeftOutEffects, AreDivergencesFromTheWholePlan) {
  const ProbeReference reference("three_heads");
  const Edit first{Site::ffn, 0, Operation::scale, {3}, {4}};
  const Edit second{Site::attention, 1, Operation::add, {7}, {2}};
  const std::vector<UnitName> units = {
      {Site::ffn, 0, 3}, {Site::attention, 1, 7}, {Site::ffn, 0, 4}};
  const LeftOutEffects found = left_out_effects(
      {{first, second}}, units, std::span(reference.prompts).first(3), reference.model);
  double expected[] = {0, 0, 0};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto under = [&](const std::vector<Edit>& edits) {
      return next_probabilities(reference, reference.tiny.texts[i], edits);
    };
    const at::Tensor whole = under({first, second});
    expected[0] += divergence_of(whole, under({second})) / 3;
    expected[1] += divergence_of(whole, under({first})) / 3;
    expected[2] += divergence_of(whole, under({})) / 3;
  }
  EXPECT_EQ(found.prompts, 3);
  EXPECT_GT(expected[2], 0);
  EXPECT_NEAR(found.without[0].value(), expected[0], 1e-12);
  EXPECT_NEAR(found.without[1].value(), expected[1], 1e-12);
  EXPECT_EQ(found.without[2], std::nullopt);
  EXPECT_NEAR(found.plan, expected[2], 1e-12);

  const LeftOutEffects alone =
      left_out_effects({{first}}, units, reference.prompts, reference.model);
  EXPECT_EQ(alone.without[0], alone.plan);
  expect_refusal<UsageError>([&] { left_out_effects({}, units, {}, reference.model); },
                             "no prompt");
}

class ExplainUnits : public ::testing::Test {
 protected:
  ExplainUnits() {
    const auto [positive, negative] =
        testing::leaning_activations(40, reference_.model.decoder->site_width(Site::ffn), 11);
    testing::write_cache(folder_.path(), positive, negative, 16);
    ranking_ = rank_austeer(ActivationCache(folder_.path()), std::vector<std::string>{"ffn"},
                            Json::object());
    options_.ranking = "made.ranking";
    options_.run = on_samples;
    options_.force = true;
  }

  const ProbeReference reference_{"three_heads"};
  TemporaryFolder folder_;
  Ranking ranking_;
  ExplainOptions options_;
};

TEST_F(ExplainUnits, PutsTheirPartsTogether) {
  options_.top = 3;
  options_.tokens = 2;
  options_.cache = folder_.path();
  options_.pairs = 4;
  options_.prompts.prompts = {reference_.prompts[0]};
  options_.recipe = {.k = 2, .alpha = 3};
  const Explanation found = explain_units(ranking_, options_, reference_.model);
  const auto pairs = extreme_pairs(ranking_, std::span(ranking_.units).first(3),
                                   ActivationCache(folder_.path()), 4);
  ASSERT_EQ(found.units.size(), 3U);
  std::vector<UnitName> names;
  for (std::size_t i = 0; i < 3; ++i) {
    const RankedUnit& unit = ranking_.units[i];
    names.push_back({Site::ffn, unit.layer, unit.dim});
    EXPECT_EQ(found.units[i].name, names[i]);
    EXPECT_EQ(found.units[i].statistics, unit);
    EXPECT_EQ(found.units[i].q_value, found.q_values[i]);
    EXPECT_EQ(found.units[i].pairs.agreeing, pairs[i].agreeing);
    EXPECT_EQ(found.units[i].tokens.promoted.size(), 2U);
    EXPECT_EQ(to_json(found.units[i].tokens),
              to_json(promoted_tokens({&names[i], 1}, 2, reference_.model).front()));
  }
  const LeftOutEffects effects =
      left_out_effects(plan_from_ranking(ranking_, options_.recipe), names,
                       options_.prompts.prompts, reference_.model);
  EXPECT_EQ(found.effects->plan, effects.plan);
  EXPECT_EQ(found.effects->without, effects.without);
  EXPECT_TRUE(effects.without[1]);
  EXPECT_FALSE(effects.without[2]);
  const Json json = to_json(ranking_, found);
  EXPECT_EQ(json.at("units").size(), 3U);
  EXPECT_EQ(json.at("units")[0].at("left_out"), *effects.without[0]);
  EXPECT_TRUE(json.at("units")[2].at("left_out").is_null());
  EXPECT_EQ(json.at("units")[0].at("agreeing")[0].at("pair"), pairs[0].agreeing[0].pair);
  EXPECT_FALSE(json.at("units")[0].at("agreeing")[0].contains("positive"));
  EXPECT_TRUE(json.contains("no_texts"));
}

TEST_F(ExplainUnits, WithoutCacheAndPromptsSayLess) {
  const Explanation found = explain_units(ranking_, options_, reference_.model);
  EXPECT_EQ(found.units.size(), 5U);
  EXPECT_FALSE(found.pairs);
  EXPECT_FALSE(found.effects);
  const auto smallest = std::ranges::min_element(ranking_.units, {}, &RankedUnit::p_value);
  EXPECT_EQ(found.smallest_p_value, smallest->p_value);
  EXPECT_DOUBLE_EQ(found.smallest_by_chance, 1 / (static_cast<double>(ranking_.units.size()) + 1));
  const Json json = to_json(ranking_, found);
  for (const char* key : {"effect", "no_texts"}) EXPECT_FALSE(json.contains(key)) << key;
  for (const char* key : {"agreeing", "left_out"}) EXPECT_FALSE(json["units"][0].contains(key));
}

TEST_F(ExplainUnits, RefusesWhatItCannotExplain) {
  const auto refuse = [&](const Ranking& ranking, const ExplainOptions& options,
                          const std::string& part) {
    expect_refusal<UsageError>([&] { explain_units(ranking, options, reference_.model); }, part);
  };
  refuse(testing::ranking_of_heads(2, 3), options_, "found groups of 2 at site attention");
  ExplainOptions options = options_;
  options.force = false;
  refuse(ranking_, options, "made.ranking was made for another model");
  options = options_;
  options.top = 0;
  refuse(ranking_, options, "at least one unit");
  options = options_;
  options.recipe.k = 4;
  refuse(ranking_, options, "there is no prompt to steer");
  const CacheOfCopa other("");
  options = options_;
  options.cache = other.folder.path();
  refuse(ranking_, options, "was not ranked from the cache");
  options = options_;
  options.tokens = 0;
  refuse(ranking_, options, "at least one token");
}

}  // namespace
}  // namespace austeer
