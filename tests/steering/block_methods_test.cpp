// CAA, SADI and ITI against their definitions, written a second time with whole tensors, and on
// activations in which the answer is planted.

#include <cmath>
#include <gtest/gtest.h>
#include <map>

#include "steering/methods.hpp"
#include "steering/rankings.hpp"
#include "steering/recipe.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using namespace testing;

Ranking rank(const std::string& method, const TemporaryFolder& folder, const std::string& site,
             const Json& options = Json::object()) {
  const std::vector<std::string> sites = {site};
  const Ranking ranking =
      methods().get(method).rank(ActivationCache(folder.path()), sites, options);
  check_ranking(ranking, "test");
  EXPECT_EQ(ranking.method, method);
  return ranking;
}

void expect_refused(const std::string& method, const TemporaryFolder& folder,
                    const std::vector<std::string>& sites, const Json& options,
                    const std::string& message) {
  expect_refusal<UsageError>(
      [&] { methods().get(method).rank(ActivationCache(folder.path()), sites, options); }, message);
}

/// Scores [layers, width] and values [layers, width] of a ranking of one site.
std::pair<at::Tensor, at::Tensor> by_place(const Ranking& ranking) {
  const at::Tensor scores = at::empty({ranking.layers, ranking.sites[0].width}, at::kDouble);
  const at::Tensor values = at::empty_like(scores);
  for (const RankedUnit& unit : ranking.units) {
    scores[unit.layer][unit.dim] = unit.score;
    values[unit.layer][unit.dim] = unit.value;
  }
  return {scores, values};
}

void expect_near(const at::Tensor& found, const at::Tensor& expected) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  EXPECT_LE((found - expected).abs().max().item<double>(),
            1e-12 * (1 + expected.abs().max().item<double>()));
}

TEST(Caa, MeanDifferencePerLayer) {
  const auto [positive, negative] = leaning_activations(20, 30, 3);
  const auto [mean_positive, mean_negative] = leaning_activations(20, 30, 4);
  TemporaryFolder folder;
  write_cache(folder.path(),
              {{"layer", positive, negative},
               {"ffn", positive, negative},
               {"layer", mean_positive, mean_negative, 1, ReadPositions::answer_mean}},
              6);
  const auto expect = [&](const Ranking& ranking, const at::Tensor& with,
                          const at::Tensor& without) {
    const at::Tensor momenta = (with - without).to(at::kDouble);  // [N, L, D]
    const at::Tensor mean = momenta.mean(0);
    const at::Tensor along = (momenta * (mean / mean.norm(2, -1, true))).sum(-1);  // [N, L]
    const auto [scores, values] = by_place(ranking);
    expect_near(values, mean);
    expect_near(scores.select(1, 7), along.mean(0) / along.std(0, false));
  };
  const Ranking ranking = rank("caa", folder, "layer");
  expect(ranking, positive, negative);
  EXPECT_EQ(ranking.sites, (std::vector<RankedSite>{{Site::layer, 30, 30}}));
  EXPECT_EQ(ranking.rule, Rule::add);
  EXPECT_EQ(ranking.positions, Positions::from_last_prompt);
  EXPECT_EQ(ranking.options, (Json{{"positions", "last"}, {"units", "all"}}));
  const Ranking of_means = rank("caa", folder, "layer", {{"positions", "answer_mean"}});
  expect(of_means, mean_positive, mean_negative);
  EXPECT_TRUE(of_means.provenance.at("cache_keys").contains("layer@answer_mean"));

  expect_refused("caa", folder, {"ffn"}, Json::object(), "caa steers the site layer, not ffn");
  expect_refused("caa", folder, {"layer", "ffn"}, Json::object(), "expected one site; found 2");
  expect_refused("caa", folder, {"layer"}, {{"positions", "all"}}, "unknown positions 'all'");
  expect_refused("caa", folder, {"layer"}, {{"position", "last"}}, "did you mean 'positions'");
}

TEST(Caa, UnitsOfLargestEffectAreThoseOfAusteer) {
  const auto [positive, negative] = leaning_activations(20, 30, 3);
  TemporaryFolder folder;
  write_cache(folder.path(), {{"layer", positive, negative, 30}}, 6);
  const Ranking ranking = rank("caa", folder, "layer", {{"units", "effect"}});
  const Ranking same = rank("austeer", folder, "layer", {{"score", "effect"}, {"value", "vector"}});
  EXPECT_EQ(ranking.units, same.units);
  EXPECT_EQ(ranking.sites, same.sites);
  EXPECT_EQ(ranking.rule, same.rule);
  EXPECT_EQ(ranking.positions, same.positions);
  const PlanRecipe four{.k = 4, .alpha = 2, .layer = 1};
  EXPECT_EQ(plan_from_ranking(ranking, four).edits, plan_from_ranking(same, four).edits);
  EXPECT_EQ(plan_from_ranking(ranking, four).units(), 4);
  expect_refused("caa", folder, {"layer"}, {{"units", "efect"}}, "did you mean 'effect'");
}

TEST(Caa, OnePairAndEqualTextsHaveNoSpread) {
  TemporaryFolder one;
  write_cache(one.path(), {{"layer", at::ones({1, 2, 3}), at::zeros({1, 2, 3})}}, 1);
  EXPECT_EQ(rank("caa", one, "layer").units[0].score, 0);
  EXPECT_EQ(rank("caa", one, "layer").units[0].value, 1);
  TemporaryFolder equal;
  write_cache(equal.path(), {{"layer", at::ones({4, 2, 3}), at::ones({4, 2, 3})}}, 4);
  EXPECT_EQ(rank("caa", equal, "layer").units[0].score, 0);
}

TEST(Sadi, SignedMeansOfGroups) {
  const auto [positive, negative] = leaning_activations(20, 24, 6);
  TemporaryFolder folder;
  write_cache(folder.path(),
              {{"attention", positive, negative, 4},
               {"ffn_gate", positive, negative},
               {"ffn", positive, negative},
               {"layer", positive, negative}},
              6);
  const at::Tensor mean = (positive - negative).to(at::kDouble).mean(0);
  for (const std::string site : {"attention", "ffn_gate", "ffn"}) {
    const std::int64_t group = site == "attention" ? 4 : 1;
    const Ranking ranking = rank("sadi", folder, site);
    EXPECT_EQ(ranking.sites[0].group, group);
    const auto [scores, values] = by_place(ranking);
    expect_near(scores, mean.reshape({3, 24 / group, group})
                            .mean(2, true)
                            .expand({3, 24 / group, group})
                            .reshape({3, 24}));
    EXPECT_TRUE(values.eq(1).all().item<bool>());
    EXPECT_GT(ranking.units.front().score, 0);
    EXPECT_LT(ranking.units.back().score, 0) << "signed: the most negative come last";
    EXPECT_EQ(ranking.rule, Rule::scale);
    EXPECT_EQ(ranking.positions, Positions::last_prompt);
  }
  const Ranking reference = rank("sadi", folder, "ffn", {{"mode", "reference"}});
  EXPECT_EQ(reference.rule, Rule::clamp);
  EXPECT_EQ(reference.units, rank("sadi", folder, "ffn").units);
  expect_refused("sadi", folder, {"layer"}, Json::object(), "not the site layer");
  expect_refused("sadi", folder, {"ffn", "ffn_gate"}, Json::object(), "expected one site");
  expect_refused("sadi", folder, {"ffn"}, {{"mode", "dead"}}, "unknown mode 'dead'");
}

/// 30 pairs, heads of 4 dims; head 2 of layer 1 tells the sides apart, by its second dim.
void write_heads(const TemporaryFolder& folder, at::Tensor& positive, at::Tensor& negative) {
  at::manual_seed(8);
  positive = at::randn({30, 3, 12});
  negative = at::randn({30, 3, 12});
  positive.select(1, 1).select(1, 9).add_(6);
  write_cache(folder.path(), {{"attention", positive, negative, 4}, {"ffn", positive, negative}},
              7);
}

TEST(Iti, ShiftsAreSigmaTheta) {
  TemporaryFolder folder;
  at::Tensor positive, negative;
  write_heads(folder, positive, negative);
  const Ranking ranking = rank("iti", folder, "attention");
  EXPECT_EQ(std::pair(ranking.units[0].layer, ranking.units[0].dim), std::pair(1, 8));
  EXPECT_GE(ranking.units[0].score, 11.0 / 12);
  EXPECT_EQ(ranking.sites, (std::vector<RankedSite>{{Site::attention, 12, 4}}));
  EXPECT_EQ(ranking.rule, Rule::add);
  EXPECT_EQ(ranking.positions, Positions::from_last_prompt);

  const at::Tensor with = positive.to(at::kDouble).reshape({30, 9, 4});
  const at::Tensor without = negative.to(at::kDouble).reshape({30, 9, 4});
  const at::Tensor difference = with.mean(0) - without.mean(0);
  const at::Tensor theta = difference / difference.norm(2, -1, true);
  const at::Tensor sigma = (at::cat({with, without}) * theta).sum(-1).std(0, false);
  const auto [scores, values] = by_place(ranking);
  expect_near(values, (theta * sigma.unsqueeze(1)).reshape({3, 12}));
  // 6 pairs validate: every accuracy is a twelfth.
  const at::Tensor twelfths = scores * 12;
  expect_near(twelfths, twelfths.round());
}

TEST(Iti, ProbesAreAtTheirOptimum) {
  TemporaryFolder folder;
  at::Tensor positive, negative;
  write_heads(folder, positive, negative);
  const auto [scores, values] =
      by_place(rank("iti", folder, "attention", {{"direction", "probe"}}));
  // The gradient of |w|^2/2 + sum of the losses is zero at the probe w: w = sum over the training
  // texts of (label - sigmoid(x w + b)) x. Its direction is that of the head's values; its length
  // and b follow from a Newton iteration of the same objective.
  const at::Tensor training = at::arange(30).remainder(5).ne(4);
  for (std::int64_t head = 0; head < 9; ++head) {
    const auto of_head = [&](const at::Tensor& texts) {
      return texts.to(at::kDouble).reshape({30, 9, 4}).select(1, head);
    };
    const auto trained = [&](const at::Tensor& texts) {
      return of_head(texts).index_select(0, training.nonzero().flatten());
    };
    at::Tensor x = at::cat({trained(positive), trained(negative)});
    x = at::cat({x, at::ones({48, 1}, at::kDouble)}, 1);
    const at::Tensor y = at::cat({at::ones({24}, at::kDouble), at::zeros({24}, at::kDouble)});
    const at::Tensor penalty = at::diag(at::tensor({1.0, 1.0, 1.0, 1.0, 0.0}, at::kDouble));
    at::Tensor w = at::zeros({5}, at::kDouble);
    for (int step = 0; step < 30; ++step) {
      const at::Tensor p = x.mv(w).sigmoid();
      const at::Tensor gradient = penalty.mv(w) - x.t().mv(y - p);
      const at::Tensor hessian = penalty + x.t().mm(x * (p * (1 - p)).unsqueeze(1));
      w = w - at::linalg_solve(hessian, gradient);
    }
    const at::Tensor weights = w.narrow(0, 0, 4);
    const at::Tensor theta = weights / weights.norm();
    const at::Tensor sigma =
        at::cat({of_head(positive), of_head(negative)}).mv(theta).std(0, false);
    const at::Tensor found = values.reshape({9, 4})[head];
    EXPECT_LE((found - theta * sigma).norm().item<double>(), 1e-5 * sigma.item<double>()) << head;
    const auto right = [&](const at::Tensor& texts, bool above) {
      const at::Tensor held_out =
          of_head(texts).index_select(0, training.logical_not().nonzero().flatten());
      return (held_out.mv(weights) + w[4]).gt(0).eq(above).sum().item<std::int64_t>();
    };
    const auto correct = static_cast<double>(right(positive, true) + right(negative, false));
    EXPECT_DOUBLE_EQ(scores.reshape({9, 4})[head][0].item<double>(), correct / 12) << head;
  }
}

TEST(Iti, EqualTextsGiveNoShift) {
  TemporaryFolder folder;
  write_cache(folder.path(), {{"attention", at::ones({5, 1, 4}), at::ones({5, 1, 4}), 2}}, 5);
  for (const RankedUnit& unit : rank("iti", folder, "attention").units) {
    EXPECT_EQ(unit.value, 0);
    EXPECT_EQ(unit.score, 0.5);
  }
}

TEST(Iti, WhatItRefuses) {
  TemporaryFolder folder;
  at::Tensor positive, negative;
  write_heads(folder, positive, negative);
  expect_refused("iti", folder, {"ffn"}, Json::object(), "at the site attention, not ffn");
  expect_refused("iti", folder, {"attention"}, {{"direction", "up"}}, "unknown direction 'up'");
  TemporaryFolder small;
  write_cache(small.path(), {{"attention", at::ones({4, 1, 4}), at::zeros({4, 1, 4}), 2}}, 4);
  expect_refused("iti", small, {"attention"}, Json::object(), "expected 5 or more; found 4");
}

TEST(Methods, OnlyWholePairedSitesAreRanked) {
  const auto [positive, negative] = leaning_activations(6, 8, 3);
  TemporaryFolder folder;
  write_cache(
      folder.path(),
      {{"ffn", positive, negative}, {"layer", positive, negative, 1, ReadPositions::answer_all}},
      6);
  expect_refused("austeer", folder, {"layer@answer_all"}, Json::object(),
                 "holds single tokens or some layers only");
  expect_refused("caa", folder, {"layer"}, Json::object(), "has no site 'layer'");
}

TEST(Methods, NameTheSitesThatTheyRank) {
  const std::map<std::string, std::string> expected = {
      {"austeer", "ffn"}, {"iti", "attention"}, {"caa", "layer"}, {"sadi", "attention"}};
  for (const auto& [name, site] : expected) {
    EXPECT_EQ(methods().get(name).sites, std::vector<std::string>{site});
    EXPECT_FALSE(methods().get(name).summary.empty());
  }
}

}  // namespace
}  // namespace austeer
