// Caches of a tiny model: the bytes after a run that was cut, sites that are added later, and what
// is refused.
#include "runs/collect.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "cache/reader.hpp"
#include "captured_log.hpp"
#include "runs/tiny_runs.hpp"

namespace austeer {
namespace {

using testing::bytes_below;
using testing::expect_refusal;
using testing::tiny_run_model;
using testing::TinyRuns;

class Collecting : public ::testing::Test {
 protected:
  /// Seven pairs in shards of two.
  CollectOptions options(const std::string& out) const {
    CollectOptions asked;
    asked.run = made_.run();
    asked.task = made_.task("open");
    asked.pairs = 7;
    asked.sites = {{Site::ffn}, {Site::layer, ReadPositions::answer_mean}};
    asked.shard_pairs = 2;
    asked.out = made_ / out;
    return asked;
  }

  static CollectReport run(const CollectOptions& asked) { return collect(asked, tiny_run_model()); }

  void refuses(const CollectOptions& asked, const std::string& part) const {
    expect_refusal<Error>([&] { run(asked); }, part);
  }

  /// Cuts a finished cache down to its first `shards`, as a run that was killed leaves it.
  static void cut(const std::filesystem::path& cache, std::size_t shards) {
    Manifest manifest = read_manifest(cache);
    while (manifest.shards.size() > shards) {
      std::filesystem::remove(cache / manifest.shards.back().file);
      manifest.shards.pop_back();
    }
    manifest.complete = false;
    write_manifest(manifest, cache);
  }

  /// Of the task `open`.
  std::vector<Pair> train_pairs() const {
    return load_task(made_.task("open"), testing::project_configs).pairs("train", made_ / "data");
  }

  TinyRuns made_;
};

TEST_F(Collecting, ACutRunGoesOnToTheSameBytes) {
  EXPECT_EQ(run(options("whole")).resumed_pairs, 0);
  const auto whole = bytes_below(made_ / "whole");
  ASSERT_EQ(whole.size(), 5U) << "four shards and the manifest";
  run(options("cut"));
  for (const std::size_t left : {3U, 1U}) {
    cut(made_ / "cut", left);
    EXPECT_NE(bytes_below(made_ / "cut"), whole);
    const CollectReport report = run(options("cut"));
    EXPECT_EQ(report.pairs, 7);
    EXPECT_EQ(report.resumed_pairs, static_cast<std::int64_t>(2 * left));
    EXPECT_EQ(report.texts, static_cast<std::int64_t>(2 * (7 - 2 * left)));
    EXPECT_EQ(bytes_below(made_ / "cut"), whole);
  }
  EXPECT_EQ(run(options("cut")).texts, 0);
}

TEST_F(Collecting, ALostOrDamagedShardIsMadeAnewAndItIsSaid) {
  run(options("cache"));
  const auto whole = bytes_below(made_ / "cache");
  const std::filesystem::path last = made_ / "cache" / shard_name(3);
  std::string damaged = read_file(last);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  write_file(last, damaged);
  testing::CapturedLog log;
  run(options("cache"));
  EXPECT_NE(log.text().find(shard_name(3) + " is damaged and is made anew"), std::string::npos);
  EXPECT_EQ(bytes_below(made_ / "cache"), whole);
  std::filesystem::remove(last);
  run(options("cache"));
  EXPECT_EQ(bytes_below(made_ / "cache"), whole);
}

TEST_F(Collecting, RowsAreThoseOfThePairsInTheirOrder) {
  run(options("cache"));
  const ActivationCache cache(made_ / "cache");
  const Model& model = tiny_run_model();
  const std::vector<Pair> pairs = train_pairs();
  const std::vector<SiteReading> ffn = {{Site::ffn}};
  for (std::int64_t i = 0; i < 7; ++i) {
    const Pair& pair = pairs.at(static_cast<std::size_t>(i));
    const std::vector<Tokens> texts = {model.tokenizer->encode(pair.positive),
                                       model.tokenizer->encode(pair.negative)};
    ActivationTap alone(*model.decoder, ffn, texts);
    Engine(*model.decoder).read(texts, alone);
    const SiteActivations found = cache.shard("ffn", i / 2);
    const at::Tensor expected = alone.activations(0);
    // Three layers of about ten operations each.
    testing::expect_close(found.positive[i % 2], expected[0], 30, pair.place);
    testing::expect_close(found.negative[i % 2], expected[1], 30, pair.place);
  }
}

TEST_F(Collecting, OnlySitesThatAreMissingAreCollected) {
  run(options("cache"));
  const auto before = bytes_below(made_ / "cache");
  CollectOptions more = options("cache");
  more.sites.push_back({Site::attention});
  const CollectReport report = run(more);
  EXPECT_EQ(report.texts, 14);
  EXPECT_EQ(report.resumed_pairs, 0) << "no pair is there at every site";
  const auto after = bytes_below(made_ / "cache");
  for (const auto& [name, bytes] : before) EXPECT_EQ(after.at(name), bytes) << name;
  const ActivationCache cache(made_ / "cache");
  EXPECT_EQ(cache.site("attention").group, 16);
  EXPECT_EQ(run(options("cache")).texts, 0);

  // An added part that was cut is finished first, also where it is not asked for.
  cut(made_ / "cache" / added_part_name(1), 2);
  EXPECT_EQ(run(options("cache")).texts, 6);
  EXPECT_EQ(bytes_below(made_ / "cache"), after);
}

TEST_F(Collecting, AnotherCacheIsNotGoneOnWith) {
  run(options("cache"));
  const auto before = bytes_below(made_ / "cache");
  CollectOptions asked = options("cache");
  asked.task = made_.task("choice");
  refuses(asked, "a cache of other activations: it differs in fingerprint 'pairs'");
  asked = options("cache");
  asked.pairs = 6;
  refuses(asked, "differs in fingerprint 'answers'");
  asked = options("cache");
  asked.max_tokens = 100;
  refuses(asked, "differs in fingerprint 'max_tokens'");
  EXPECT_EQ(bytes_below(made_ / "cache"), before);

  asked = options("layers");
  asked.sites = {{Site::layer, ReadPositions::answer_all}};
  asked.layers = {2, 0};
  run(asked);
  EXPECT_EQ(ActivationCache(asked.out).site("layer@answer_all").only,
            (std::vector<std::int64_t>{0, 2}));
  asked.layers = {2};
  EXPECT_EQ(run(asked).texts, 0) << "fewer layers are there";
  asked.layers = {1};
  refuses(asked, "holds the site 'layer@answer_all' for other layers; expected 1; found 0, 2");
  asked.layers = {};
  refuses(asked, "for other layers; expected all; found 0, 2");
}

TEST_F(Collecting, RefusesWhatCannotBeCollected) {
  CollectOptions asked = options("cache");
  asked.sites = {};
  refuses(asked, "no site is named");
  asked = options("cache");
  asked.pairs = 0;
  refuses(asked, "--pairs and --max-tokens must be at least 1");
  asked = options("cache");
  asked.layers = {1};
  refuses(asked, "--layers restricts sites read at answer_all, and --sites names none");
  asked.sites = {{Site::layer, ReadPositions::answer_all}};
  asked.layers = {1, 3};
  refuses(asked, "the model lacks some of them; expected layers from 0 to 2; found 1, 3");
  asked = options("cache");
  asked.wrong_answer = "nxt";
  refuses(asked, "did you mean 'next'");
  EXPECT_FALSE(std::filesystem::exists(made_ / "cache"));
}

TEST_F(Collecting, PairsThatAreLeftOutGiveTheirPlaceToOthers) {
  CollectOptions asked = options("cache");
  asked.task = made_.task("choice");
  asked.left_out = {"train.jsonl:2"};
  EXPECT_EQ(run(asked).pairs, 7);
  const std::vector<std::string> classes = ActivationCache(asked.out).description().answer_classes;
  // Labels of the records 1, 3, 4, ... : i % 3 % 2 of i from 0 on, without 1.
  EXPECT_EQ(classes, (std::vector<std::string>{"0", "0", "0", "1", "0", "0", "1"}));
}

TEST_F(Collecting, VoidPairsAreCountedOrDroppedAndNoneMayBeLeft) {
  CollectOptions asked = options("kept");
  asked.max_tokens = 14;  // letters, of which the shortest question leaves some to its answers
  VoidPairs expected;
  const std::vector<Pair> pairs = train_pairs();
  for (std::int64_t i = 0; i < 7; ++i) {
    const Pair& pair = pairs[static_cast<std::size_t>(i)];
    if (std::max(pair.positive.size(), pair.negative.size()) > 14) expected.cut.push_back(i);
    if (pair.positive.substr(0, 14) == pair.negative.substr(0, 14)) expected.equal.push_back(i);
  }
  const CollectReport kept = run(asked);
  EXPECT_EQ(kept.pairs, 7);
  EXPECT_EQ(kept.void_pairs, expected);
  asked.out = made_ / "dropped";
  asked.void_pairs = VoidPairsChoice::drop;
  const CollectReport dropped = run(asked);
  const auto left = static_cast<std::int64_t>(7 - expected.all().size());
  EXPECT_EQ(dropped.pairs, left);
  EXPECT_GT(left, 0);
  EXPECT_LT(left, 7);
  expected.are_dropped = true;
  EXPECT_EQ(ActivationCache(asked.out).description().void_pairs, expected);
  asked.out = made_ / "none";
  asked.max_tokens = 3;
  expect_refusal<FormatError>([&] { run(asked); }, "void");
  EXPECT_FALSE(std::filesystem::exists(asked.out));
}

}  // namespace
}  // namespace austeer
