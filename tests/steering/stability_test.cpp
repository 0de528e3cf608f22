// How stable a ranking's top is, against NumPy on the same draws (tests/reference/stability.py) and
// where the answer is known.

#include "steering/stability.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "reference.hpp"
#include "steering/assemble.hpp"
#include "steering/ranking_methods.hpp"
#include "steering/rankings.hpp"
#include "steering/resampling.hpp"
#include "steering/unit_statistics.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::SiteOfCache;
using testing::TemporaryFolder;

const std::vector<std::string> ffn_alone = {"ffn"};

/// Expects of a case what NumPy made of it.
void expect_numpys_stability(const std::string& name) {
  SCOPED_TRACE(name);
  const SafetensorsFile file = testing::reference_file("stability/" + name + ".safetensors");
  std::vector<SiteOfCache> sites;
  std::vector<std::string> keys;
  for (const char* site : {"attention", "ffn"}) {
    const std::string prefix = std::string(site) + ".";
    if (!file.has(prefix + "positive")) continue;
    sites.push_back({site, file.tensor(prefix + "positive"), file.tensor(prefix + "negative")});
    keys.emplace_back(site);
  }
  const at::Tensor labels = file.tensor("classes");
  std::vector<std::string> classes;
  for (std::int64_t i = 0; i < labels.numel(); ++i) {
    classes.push_back(std::to_string(labels[i].item<std::int64_t>()));
  }
  TemporaryFolder folder;
  testing::write_cache(folder.path(), sites, 8, classes);
  const ActivationCache cache(folder.path());
  const Ranking ranking =
      rank_austeer(cache, keys, {{"score", classes.empty() ? "momentum" : "stratified"}});
  const at::Tensor settings = file.tensor("settings");
  const Stability found =
      top_stability(ranking, cache,
                    {.k = settings[0].item<std::int64_t>(),
                     .resamples = settings[1].item<std::int64_t>(),
                     .seed = static_cast<std::uint64_t>(settings[2].item<std::int64_t>())});
  const at::Tensor kept = file.tensor("kept");
  ASSERT_EQ(static_cast<std::int64_t>(found.unit_kept.size()), kept.numel());
  for (std::int64_t i = 0; i < kept.numel(); ++i) {
    EXPECT_NEAR(found.unit_kept[static_cast<std::size_t>(i)], kept[i].item<double>(), 1e-12) << i;
  }
  EXPECT_NEAR(found.kept, kept.mean().item<double>(), 1e-12);
  EXPECT_NEAR(found.half_overlap, file.tensor("half_overlap").item<double>(), 1e-12);
  EXPECT_DOUBLE_EQ(found.chance,
                   static_cast<double>(kept.numel()) / static_cast<double>(ranking.units.size()));
  const Ties ties = ties_at_cut(ranking, kept.numel());
  const at::Tensor expected = file.tensor("ties");
  EXPECT_EQ(ties, (Ties{expected[0].item<std::int64_t>(), expected[1].item<std::int64_t>()}));
}

TEST(Stability, EqualsNumPyDrawForDraw) {
  for (const char* name : {"momentum", "ties", "sites", "stratified", "three_classes"}) {
    expect_numpys_stability(name);
  }
}

TEST(Stability, ScoresOfWeightsOfOneAreTheRankings) {
  const auto [positive, negative] = testing::leaning_activations(23, 40, 5);
  std::vector<std::string> classes;
  for (int i = 0; i < 23; ++i) classes.push_back(i % 4 == 0 ? "no" : "yes");
  TemporaryFolder folder;
  testing::write_cache(folder.path(), {{"ffn", positive, negative}}, 9, classes);
  const ActivationCache cache(folder.path());
  const at::Tensor signs = momentum_signs(cache, "ffn");
  EXPECT_TRUE(signs.equal((positive - negative).sign().flatten(1).to(at::kChar)));
  const ResampledScores scores(signs, pairs_by_class(cache));
  const at::Tensor ones = scores.scores(at::ones({1, 23}));
  for (const RankedUnit& unit : rank_austeer(cache, ffn_alone, {{"score", "stratified"}}).units) {
    EXPECT_EQ(ones[0][unit.layer * 40 + unit.dim].item<double>(), unit.score);
  }
}

/// A cache whose first `planted` units move up in every pair, all others by chance.
void write_planted(const TemporaryFolder& folder, std::int64_t planted) {
  at::manual_seed(8);
  const at::Tensor positive = at::randn({60, 3, 400});
  const at::Tensor negative = at::randn({60, 3, 400});
  negative.select(1, 0).narrow(1, 0, planted) = positive.select(1, 0).narrow(1, 0, planted) - 1;
  testing::write_cache(folder.path(), positive, negative, 25);
}

TEST(Stability, OfPlantedUnitsAndOfNoise) {
  for (const std::int64_t planted : {12, 0}) {
    TemporaryFolder folder;
    write_planted(folder, planted);
    const ActivationCache cache(folder.path());
    const Ranking ranking = rank_austeer(cache, ffn_alone, Json::object());
    const Stability found = top_stability(ranking, cache, {.k = 12, .resamples = 100});
    EXPECT_DOUBLE_EQ(found.chance, 0.01);
    if (planted > 0) {
      EXPECT_EQ(found.kept, 1.0);
      EXPECT_EQ(found.half_overlap, 1.0);
    } else {
      // 1,200 pairs of units from 100 splits: a standard deviation of about 0.3 %.
      EXPECT_NEAR(found.half_overlap, found.chance, 0.015);
      EXPECT_LT(found.kept, 0.6);
      EXPECT_GT(found.kept, found.half_overlap);
    }
  }
}

TEST(Stability, RefusesWhatItCannotAnswer) {
  TemporaryFolder folder;
  write_planted(folder, 5);
  const ActivationCache cache(folder.path());
  Ranking ranking = rank_austeer(cache, ffn_alone, Json::object());
  const auto refuse = [&](const StabilityOptions& options, const std::string& message) {
    expect_refusal<UsageError>([&] { top_stability(ranking, cache, options); }, message);
  };
  refuse({.k = 0}, "k is out of range; expected 1 to 1200; found 0");
  refuse({.k = 1201}, "found 1201");
  refuse({.resamples = 0}, "resamples; expected at least 1; found 0");

  TemporaryFolder other;
  const auto [positive, negative] = testing::leaning_activations(60, 400, 1);
  testing::write_cache(other.path(), positive.slice(0, 0, 50), negative.slice(0, 0, 50), 25);
  expect_refusal<UsageError>([&] { top_stability(ranking, ActivationCache(other.path()), {}); },
                             "site ffn was not ranked from the cache");
  ranking.provenance = Json::object();
  refuse({}, "site ffn was not ranked from the cache");
  ranking = rank_austeer(cache, ffn_alone, {{"score", "effect"}});
  refuse({}, "found the method austeer with the score effect");
  ranking.method = "caa";
  ranking.options = Json::object();
  refuse({}, "found the method caa with the score none");

  TemporaryFolder single;
  testing::write_cache(single.path(), {{"ffn", positive.slice(0, 0, 3), negative.slice(0, 0, 3)}},
                       3, {"a", "b", "a"});
  const ActivationCache few(single.path());
  expect_refusal<UsageError>(
      [&] {
        top_stability(rank_austeer(few, ffn_alone, {{"score", "stratified"}}), few, {});
      },
      "two pairs or more, of each class");
}

TEST(Ties, AtTheCut) {
  const Ranking ranking = testing::small_ranking();  // scores .9 .8 .8 .5 .3 0
  EXPECT_EQ(ties_at_cut(ranking, 1), (Ties{1, 0}));
  EXPECT_EQ(ties_at_cut(ranking, 2), (Ties{1, 1}));
  EXPECT_EQ(ties_at_cut(ranking, 3), (Ties{2, 0}));
  EXPECT_EQ(ties_at_cut(ranking, 0), (Ties{0, 0}));
  EXPECT_EQ(ties_at_cut(ranking, 6), (Ties{0, 0}));
}

}  // namespace
}  // namespace austeer
