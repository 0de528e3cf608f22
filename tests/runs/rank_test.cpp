// rank: what a ranking records of where it comes from, and what is refused.
#include "runs/rank.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/version.hpp"
#include "cache/reader.hpp"
#include "runs/collect.hpp"
#include "runs/tiny_runs.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::tiny_run_model;
using testing::TinyRuns;

class RankingRun : public ::testing::Test {
 protected:
  RankingRun() {
    CollectOptions collected;
    collected.run = made_.run();
    collected.task = made_.task("choice");
    collected.sites = {{Site::ffn}, {Site::attention}};
    collected.out = made_ / "cache";
    collect(collected, tiny_run_model());
    options_.cache = collected.out;
    options_.sites = {"ffn"};
    options_.out = made_ / "made.ranking";
  }

  void refuses(const RankOptions& asked, const std::string& part) const {
    expect_refusal<Error>([&] { rank(asked); }, part);
    EXPECT_FALSE(std::filesystem::exists(asked.out)) << part;
  }

  TinyRuns made_;
  RankOptions options_;
};

TEST_F(RankingRun, RecordsWhatItWasMadeFrom) {
  options_.settings = {{"score", "effect"}};
  const Ranking ranking = rank(options_);
  EXPECT_EQ(load_ranking(options_.out), ranking);
  EXPECT_EQ(ranking.method, "austeer");
  EXPECT_EQ(ranking.options.at("score"), "effect");
  EXPECT_EQ(ranking.pairs, 12);
  EXPECT_EQ(ranking.layers, 3);
  EXPECT_EQ(ranking.sites, (std::vector<RankedSite>{{Site::ffn, 64, 1}}));
  EXPECT_EQ(ranking.units.size(), 3U * 64U);
  const Json& provenance = ranking.provenance;
  const ActivationCache cache(options_.cache);
  EXPECT_EQ(provenance.at("austeer"), full_version());
  EXPECT_EQ(provenance.at("cache_keys").at("ffn"), cache.key("ffn"));
  const std::string text = to_text(provenance);
  for (const std::string& known :
       {tiny_run_model().fingerprint, tiny_run_model().tokenizer->fingerprint(),
        cache.description().fingerprints.at("pairs"), std::string("float32")}) {
    EXPECT_NE(text.find(known), std::string::npos) << known;
  }
  const Json answer = answer_json(options_, ranking, 2);
  EXPECT_EQ(answer.at("ranking"), options_.out.string());
  EXPECT_EQ(answer.at("units").size(), 2U);
}

TEST_F(RankingRun, RanksTheSitesOfTheMethodOrThoseAskedForTogether) {
  options_.sites = {"attention"};
  EXPECT_EQ(site_names(rank(options_)), "attention");
  options_.sites = {};
  EXPECT_EQ(site_names(rank(options_)), "ffn");
  options_.sites = {"ffn", "attention"};
  const Ranking both = rank(options_);
  EXPECT_EQ(site_names(both), "ffn,attention");
  EXPECT_EQ(both.units.size(), 3U * (64U + 64U));
}

TEST_F(RankingRun, RefusesWhatItDoesNotKnowAndWritesNothing) {
  RankOptions asked = options_;
  asked.method = "auster";
  refuses(asked, "did you mean 'austeer'");
  asked = options_;
  asked.sites = {"atention"};
  refuses(asked, "did you mean 'attention'");
  asked.sites = {"layer"};
  refuses(asked, "layer");
  asked = options_;
  asked.settings = {{"scor", "effect"}};
  refuses(asked, "score");
  asked.settings = {{"score", "efect"}};
  refuses(asked, "effect");
  asked = options_;
  asked.cache = made_ / "nowhere";
  refuses(asked, "nowhere");
}

TEST_F(RankingRun, ComparesShardsWithTheirDigestsWhereItIsAskedTo) {
  const std::filesystem::path shard = options_.cache / shard_name(0);
  std::string bytes = read_file(shard);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(shard, bytes);
  options_.verify = true;
  refuses(options_, shard_name(0));
  options_.verify = false;
  rank(options_);
  EXPECT_TRUE(std::filesystem::exists(options_.out));
}

TEST(ParseSettings, NumbersAndTruthAreWhatTheyLookLike) {
  const std::vector<std::string> texts = {"score=effect", "stable=0.9", "count=3",
                                          "on=true",      "path=a=b",   "none=null"};
  EXPECT_EQ(parse_settings(texts), (Json{{"score", "effect"},
                                         {"stable", 0.9},
                                         {"count", 3},
                                         {"on", true},
                                         {"path", "a=b"},
                                         {"none", "null"}}));
  EXPECT_EQ(parse_settings({}), Json::object());
  const auto refused = [](const std::vector<std::string>& given, const std::string& part) {
    expect_refusal<UsageError>([&] { parse_settings(given); }, part);
  };
  refused({"score"}, "expected KEY=VALUE; found 'score'");
  refused({"=3"}, "expected KEY=VALUE; found '=3'");
  refused({"k=1", "k=1"}, "k is set twice");
}

}  // namespace
}  // namespace austeer
