// A cache in parts: sites that were collected later lie in folders of their own, and the reader
// offers all of them as one.

#include <gtest/gtest.h>

#include "cache/caches.hpp"
#include "cache/manifest.hpp"
#include "cache/reader.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using namespace testing;

TEST(CacheParts, AreFoundByTheirNumbers) {
  TemporaryFolder folder;
  EXPECT_TRUE(added_parts(folder.path()).empty());
  EXPECT_EQ(next_added_part(folder.path()), folder / "added-01");
  for (const char* name :
       {"added-100", "added-03", "added-1", "added-00", "added-4x", "added-99"}) {
    make_folder(folder / name);
  }
  const std::vector<std::filesystem::path> expected = {folder / "added-03", folder / "added-99",
                                                       folder / "added-100"};
  EXPECT_TRUE(added_parts(folder.path()).empty()) << "none was begun";
  EXPECT_EQ(next_added_part(folder.path()), folder / "added-03");
  for (const std::filesystem::path& part : expected) CacheWriter(part, small_description());
  EXPECT_EQ(added_parts(folder.path()), expected);
  EXPECT_EQ(next_added_part(folder.path()), folder / "added-101");
}

TEST(CacheParts, AreReadAsOne) {
  TemporaryFolder folder;
  const CacheDescription root = small_description();
  CacheDescription answers = answers_description();
  answers.pairs_per_shard = 5;
  CacheDescription gate = small_description();
  gate.sites = {{.name = "ffn_gate", .layers = 2, .width = 8}};
  make_cache(folder.path(), root);
  const auto before = contents(folder.path());
  make_cache(folder / added_part_name(1), answers);
  make_cache(folder / added_part_name(2), gate);
  EXPECT_EQ(contents(folder.path()), before);

  const ActivationCache cache(folder.path());
  cache.verify();
  std::vector<std::string> keys;
  for (const CachedSite& site : cache.description().sites) keys.push_back(site.key());
  EXPECT_EQ(keys, (std::vector<std::string>{"attention", "ffn", "layer@answer_mean",
                                            "layer@answer_all", "ffn_gate"}));
  EXPECT_EQ(cache.description().answer_tokens, answers.answer_tokens);
  EXPECT_EQ(cache.description().answer_classes, root.answer_classes);
  for (const CacheDescription& part : {root, answers, gate}) {
    for (const CachedSite& site : part.sites) {
      const std::string key = site.key();
      EXPECT_EQ(cache.site(key), site);
      EXPECT_EQ(cache.part(key), part);
      EXPECT_EQ(cache.key(key), part.key());
      EXPECT_EQ(cache.shards(key), part.shards());
      const std::int64_t last = part.shards() - 1;
      const std::int64_t first = last * part.pairs_per_shard;
      const SiteActivations expected =
          activations_of(part, first, part.pairs_in_shard(last)).at(key);
      cache.will_need(key, last);
      EXPECT_TRUE(at::equal(cache.shard(key, last).positive, expected.positive)) << key;
      EXPECT_TRUE(at::equal(cache.shard(key, last).negative, expected.negative)) << key;
    }
  }
  expect_refusal<UsageError>([&] { cache.site("layer.answer_meen"); },
                             "did you mean 'layer@answer_mean'");
}

TEST(CacheParts, ThatDoNotFitAreRefused) {
  const auto refuse = [&](const auto& change, const std::string& message) {
    TemporaryFolder folder;
    make_cache(folder.path(), small_description());
    make_cache(folder / "added-01", answers_description());
    CacheDescription second = answers_description();
    second.sites = {
        {.name = "layer", .layers = 3, .width = 4, .positions = ReadPositions::answer_mean}};
    second.sites.front().name = "ffn_gate";
    change(second);
    make_cache(folder / "added-02", second);
    expect_refusal<FormatError>([&] { ActivationCache{folder.path()}; }, message);
    expect_refusal<FormatError>([&] { ActivationCache{folder.path()}; }, "added-02");
  };
  for (const char* name : {"model", "tokenizer", "task", "template", "pairs", "device"}) {
    refuse([&](auto& d) { d.fingerprints[name] = "other"; },
           std::string("it differs in fingerprint '") + name);
  }
  refuse([](auto& d) { d.dtype = at::kHalf; }, "it differs in 'dtype'");
  refuse(
      [](auto& d) {
        d.pairs = 22;
        d.answer_classes.pop_back();
        d.answer_tokens.positive.pop_back();
        d.answer_tokens.negative.pop_back();
      },
      "it differs in 'pairs' (here 23, there 22)");
  refuse([](auto& d) { d.answer_classes[7] = "no"; },
         "it differs in 'answer_classes' of pair 7 (here \"yes\", there \"no\")");
  refuse([](auto& d) { d.answer_tokens.negative[9] += 1; },
         "it differs in 'answer_tokens.negative' of pair 9 (here 4, there 5)");
  refuse([](auto& d) { d.sites.front().name = "layer"; }, "hold the site 'layer@answer_mean'");
}

TEST(CacheParts, BrokenPartsAreNamed) {
  TemporaryFolder folder;
  make_cache(folder.path(), small_description());
  make_cache(folder / "added-01", answers_description());
  const std::filesystem::path shard = folder / "added-01" / shard_name(2);
  const std::string bytes = read_file(shard);
  std::string flipped = bytes;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  write_file(shard, flipped);
  expect_refusal<FormatError>([&] { ActivationCache(folder.path()).verify(); },
                              "added-01/shard-00002.safetensors: its content has changed");
  std::filesystem::remove(shard);
  expect_refusal<FileError>([&] { ActivationCache{folder.path()}; }, "added-01/shard-00002");
}

// What is finished can be used while the rest is being collected.
TEST(CacheParts, AnUnfinishedOneIsNotOffered) {
  TemporaryFolder folder;
  make_cache(folder.path(), small_description());
  make_folder(folder / "added-01");  // killed before the first manifest
  const CacheDescription answers = answers_description();
  {
    CacheWriter writer(folder / "added-02", answers);
    append_until(writer, answers, 3, 11);
  }
  const ActivationCache cache(folder.path());
  cache.verify();
  EXPECT_EQ(cache.description().sites, small_description().sites);
  EXPECT_EQ(cache.shards("ffn"), 6);
  const auto ask = [&] { cache.shard("layer@answer_all", 0); };
  expect_refusal<FileError>(ask, "added-02 is not complete: 8 of 23 pairs are there");
  expect_refusal<FileError>(ask, "Run the same collect again");
  expect_refusal<UsageError>([&] { cache.site("layer"); }, "known: attention, ffn");
}

}  // namespace
}  // namespace austeer
