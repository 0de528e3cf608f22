// The activation cache when all goes well, and what its reader and writer refuse.

#include <fstream>
#include <gtest/gtest.h>
#include <limits>

#include "base/hash.hpp"
#include "cache/caches.hpp"
#include "cache/reader.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using namespace testing;

void replace_in_file(const std::filesystem::path& file, const std::string& from,
                     const std::string& to) {
  std::string text = read_file(file);
  const auto place = text.find(from);
  ASSERT_NE(place, std::string::npos) << from;
  write_file(file, text.replace(place, from.size(), to));
}

TEST(ActivationCache, GivesBackEveryBit) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    TemporaryFolder folder;
    CacheDescription description = small_description();
    description.dtype = dtype;
    make_cache(folder.path(), description);

    const ActivationCache cache(folder.path());
    cache.verify();
    EXPECT_EQ(cache.description(), description);
    for (const CachedSite& site : description.sites) {
      const std::string key = site.key();
      EXPECT_EQ(cache.site(key), site);
      EXPECT_EQ(cache.shards(key), 6);
      const SiteActivations expected = activations_of(description, 0, description.pairs).at(key);
      std::vector<at::Tensor> positive, negative;
      for (std::int64_t i = 0; i < cache.shards(key); ++i) {
        cache.will_need(key, i);
        positive.push_back(cache.shard(key, i).positive);
        negative.push_back(cache.shard(key, i).negative);
        EXPECT_EQ(positive.back().size(0), i < 5 ? 4 : 3);
      }
      EXPECT_EQ(positive.back().scalar_type(), dtype);
      EXPECT_TRUE(at::equal(at::cat(positive), expected.positive)) << site.name;
      EXPECT_TRUE(at::equal(at::cat(negative), expected.negative)) << site.name;
    }
  }
}

TEST(ActivationCache, BatchSizesDoNotMatter) {
  for (const CacheDescription& description : {small_description(), answers_description()}) {
    TemporaryFolder reference;
    make_cache(reference.path(), description);
    for (const std::int64_t batch : {1, 4, 7, 23}) {
      TemporaryFolder folder;
      CacheWriter writer(folder.path(), description);
      append_until(writer, description, batch, description.pairs);
      writer.finish();
      EXPECT_EQ(contents(folder.path()), contents(reference.path())) << "batches of " << batch;
    }
  }
}

TEST(ActivationCache, UnfinishedSaysHowFarItIs) {
  TemporaryFolder folder;
  const CacheDescription description = small_description();
  {
    CacheWriter writer(folder.path(), description);
    append_until(writer, description, 3, 11);
    expect_refusal<UsageError>([&] { writer.finish(); }, "finish() after 11 of 23 pairs");
  }
  expect_refusal<FileError>([&] { ActivationCache{folder.path()}; }, "8 of 23 pairs");
  expect_refusal<FileError>([&] { ActivationCache{folder.path()}; }, "Run the same collect again");
}

TEST(ActivationCache, NotACache) {
  TemporaryFolder folder;
  expect_refusal<FileError>([&] { ActivationCache{folder.path()}; }, "has no manifest.json");
  expect_refusal<FileError>([] { ActivationCache{"/nonexistent/cache"}; }, "/nonexistent/cache");
}

TEST(ActivationCache, UnknownSiteNamesTheKnownOnes) {
  TemporaryFolder folder;
  make_cache(folder.path(), small_description());
  const ActivationCache cache(folder.path());
  expect_refusal<UsageError>([&] { cache.site("atention"); }, "did you mean 'attention'");
  expect_refusal<UsageError>([&] { cache.shard("layer", 0); }, "known: attention, ffn");
}

// Each edit makes the manifest lie in one way; the message must name that lie.
TEST(ActivationCache, BrokenManifests) {
  struct Case {
    const char* from;
    const char* to;
    const char* message;
  };
  const Case cases[] = {
      {"{", "", "not valid JSON"},
      {"\"version\": 3", "\"version\": 2", "version 2. Delete the folder and collect again"},
      {"\"schema\": \"austeer", "\"schema\": \"other", "found other activation cache"},
      {"\"model\": \"m1\"", "\"model\": \"m2\"", "the key does not belong"},
      {"\"model\": \"m1\"", "\"model\": 5", "a text"},
      {"\"model\": \"m1\"", "\"modle\": \"m1\"", "the fingerprint 'model' is missing"},
      {"\"width\": 6", "\"width\": 4611686018427387904", "impossible size"},
      {"\"layers\": 2", "\"layers\": -2", "impossible size"},
      {"\"pairs\": 23", "\"pairs\": 0", "impossible numbers of pairs"},
      {"\"pairs_per_shard\": 4", "\"pairs_per_shard\": 0", "impossible numbers of pairs"},
      {"\"positions\": \"last\"", "\"positions\": \"first\"", "unknown positions 'first'"},
      {"\"positions\": \"last\"", "\"positions\": \"answer_all\"",
       "tokens of 0 positive answers are counted, for 23 pairs"},
      {"\"positions\": \"last\"", "\"position\": \"last\"", "'positions' is missing"},
      {"\"group\": 1", "\"group\": 4", "groups of 4 dims, which do not divide its width 6"},
      {"\"group\": 1", "\"group\": 0", "groups of 0 dims"},
      {"\"group\": 1", "\"group\": 12", "groups of 12 dims"},
      {"\"only\": []", "\"only\": [1, 0]", "keeps impossible layers [1, 0] of 2"},
      {"\"only\": []", "\"only\": [0, 2]", "keeps impossible layers [0, 2] of 2"},
      {"\"only\": []", "\"only\": [-1]", "keeps impossible layers [-1] of 2"},
      {"\"only\": []", "\"only\": [1, 1]", "keeps impossible layers [1, 1] of 2"},
      {"\"only\": []", "\"only\": 0", "a list"},
      {"\"positive\": []", "\"positive\": [1]", "yet none of its sites reads answers"},
      {"\"negative\": []", "\"negativ\": []", "'negative' is missing"},
      {"\"dtype\": \"bfloat16\"", "\"dtype\": \"int8\"", "unknown dtype"},
      {"\"name\": \"ffn\"", "\"name\": \"attention\"", "stands twice"},
      {"\"name\": \"ffn\"", "\"name\": \"../x\"", "cannot name a site"},
      {"\"file\": \"shard-00001", "\"file\": \"shard-00003", "shard 1 does not fit"},
      {"\"file\": \"shard-00001", "\"file\": \"../../other", "shard 1 does not fit"},
      {"\"complete\": true", "\"complete\": 1", "true or false"},
      {"\"complete\"", "\"compleet\"", "'complete' is missing"},
  };
  TemporaryFolder original;
  make_cache(original.path(), small_description());
  for (const Case& one : cases) {
    TemporaryFolder folder;
    std::filesystem::copy(original.path(), folder.path());
    replace_in_file(folder / "manifest.json", one.from, one.to);
    expect_refusal<FormatError>([&] { ActivationCache{folder.path()}; }, one.message);
    expect_refusal<FormatError>([&] { ActivationCache{folder.path()}; }, "manifest.json");
  }
}

// Each change to the answers' tokens lies in a way of its own; the key is made to fit the lie.
TEST(ActivationCache, BrokenAnswerTokens) {
  TemporaryFolder original;
  make_cache(original.path(), answers_description());
  const auto refuse = [&](const auto& change, const std::string& message) {
    TemporaryFolder folder;
    std::filesystem::copy(original.path(), folder.path());
    Manifest manifest = read_manifest(folder.path());
    change(manifest.description.answer_tokens);
    write_manifest(manifest, folder.path());
    expect_refusal<FormatError>([&] { ActivationCache{folder.path()}; }, message);
  };
  refuse([](auto& t) { t.positive.pop_back(); }, "tokens of 22 positive answers are counted");
  refuse([](auto& t) { t.negative.clear(); }, "tokens of 0 negative answers are counted");
  refuse([](auto& t) { t.positive[5] = 0; }, "positive answer of pair 5 has an impossible number");
  refuse([](auto& t) { t.negative[22] = std::int64_t{1} << 62; },
         "negative answer of pair 22 has an impossible number");
  refuse([](auto& t) { ++t.negative[22]; }, "shard-00000.safetensors belongs to another cache");
}

TEST(ActivationCache, SizesThatOverflowAreRefused) {
  CacheDescription description = answers_description();
  description.pairs = 1 << 16;
  description.answer_classes.clear();
  description.answer_tokens.positive.assign(1 << 16, 1 << 24);
  description.answer_tokens.negative.assign(1 << 16, 1 << 24);
  EXPECT_FALSE(flaw(description));
  description.sites[1].layers = 1 << 14;
  description.sites[1].width = 1 << 20;
  description.sites[1].only.clear();
  ASSERT_TRUE(flaw(description));
  EXPECT_NE(flaw(description)->find("an impossible size"), std::string::npos);
}

TEST(ActivationCache, AnswersComeBackBitForBit) {
  const CacheDescription description = answers_description();
  TemporaryFolder folder;
  make_cache(folder.path(), description);
  const ActivationCache cache(folder.path());
  EXPECT_EQ(cache.description(), description);
  const Activations expected = activations_of(description, 0, description.pairs);
  for (const std::string key : {"layer@answer_mean", "layer@answer_all"}) {
    std::vector<at::Tensor> positive, negative;
    for (std::int64_t i = 0; i < cache.shards(key); ++i) {
      positive.push_back(cache.shard(key, i).positive);
      negative.push_back(cache.shard(key, i).negative);
    }
    EXPECT_TRUE(at::equal(at::cat(positive), expected.at(key).positive)) << key;
    EXPECT_TRUE(at::equal(at::cat(negative), expected.at(key).negative)) << key;
  }
  // Pairs 4 to 7: answers of 2, 3, 1, 2 tokens and of 4, 1, 3, 5; two layers are kept.
  EXPECT_EQ(cache.shard("layer@answer_all", 1).positive.sizes(), at::IntArrayRef({8, 2, 4}));
  EXPECT_EQ(cache.shard("layer@answer_all", 1).negative.sizes(), at::IntArrayRef({13, 2, 4}));
  EXPECT_EQ(cache.shard("layer@answer_mean", 1).negative.sizes(), at::IntArrayRef({4, 3, 4}));
  EXPECT_EQ(cache.site("layer@answer_all").layer(1), 2);
  EXPECT_EQ(cache.site("layer@answer_mean").layer(1), 1);
  expect_refusal<UsageError>([&] { cache.site("layer"); }, "no site 'layer'");
}

TEST(ActivationCache, ShardListThatDoesNotCoverThePairs) {
  TemporaryFolder folder;
  make_cache(folder.path(), small_description());
  Manifest manifest = read_manifest(folder.path());
  manifest.shards.pop_back();
  write_manifest(manifest, folder.path());
  expect_refusal<FormatError>([&] { ActivationCache{folder.path()}; }, "marked complete");
}

TEST(ActivationCache, BrokenShards) {
  TemporaryFolder original;
  make_cache(original.path(), small_description());
  const auto refuse = [&](const auto& damage, const std::string& message) {
    TemporaryFolder folder;
    std::filesystem::copy(original.path(), folder.path());
    damage(folder.path());
    expect_refusal<Error>([&] { ActivationCache(folder.path()).verify(); }, message);
    expect_refusal<Error>([&] { ActivationCache(folder.path()).verify(); }, "shard-00001");
  };
  const std::string name = "shard-00001.safetensors";
  refuse([&](const auto& folder) { std::filesystem::remove(folder / name); }, "cannot open");
  refuse([&](const auto& folder) { std::filesystem::resize_file(folder / name, 100); },
         "the file is truncated; expected at most 92");
  refuse([&](const auto& folder) { write_file(folder / name, ""); },
         "is empty; expected a safetensors file");
  refuse(
      [&](const auto& folder) {
        std::string bytes = read_file(folder / name);
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        write_file(folder / name, bytes);
      },
      "its content has changed");
  refuse(
      [&](const auto& folder) {
        std::filesystem::copy(folder / "shard-00002.safetensors", folder / name,
                              std::filesystem::copy_options::overwrite_existing);
      },
      "belongs to another cache");
}

TEST(ActivationCache, ShardsWithWrongTensors) {
  const CacheDescription description = small_description();
  const Activations right = activations_of(description, 0, 4);
  const auto refuse = [&](const auto& change, const std::string& message) {
    TemporaryFolder folder;
    make_cache(folder.path(), description);
    CacheDescription changed = description;
    Activations activations = right;
    change(changed, activations);
    std::vector<std::pair<std::string, at::Tensor>> tensors;
    for (const CachedSite& site : changed.sites) {
      tensors.emplace_back(site.name + ".positive", activations.at(site.name).positive);
      tensors.emplace_back(site.name + ".negative", activations.at(site.name).negative);
    }
    write_safetensors(folder / "shard-00000.safetensors", tensors,
                      {{"cache_key", description.key()}, {"shard", "0"}});
    expect_refusal<FormatError>([&] { ActivationCache{folder.path()}; }, message);
  };
  refuse([](auto& d, auto&) { d.sites.pop_back(); }, "'ffn.positive' is missing");
  refuse([](auto&, auto& a) { a["ffn"].negative = a["ffn"].negative.to(at::kHalf); },
         "'ffn.negative' does not fit");
  refuse([](auto&, auto& a) { a["ffn"].positive = a["ffn"].positive.narrow(0, 0, 3).contiguous(); },
         "expected BFloat16 [4, 2, 4]; found BFloat16 [3, 2, 4]");
  refuse(
      [](auto& d, auto& a) {
        d.sites.push_back({"layer", 2, 4});
        a["layer"] = a["ffn"];
      },
      "holds tensors that the manifest does not name");
}

TEST(CacheKey, DoesNotDependOnNames) {
  TemporaryFolder folder;
  CacheDescription named = small_description();
  named.names = {{"model", "m"}, {"task", "copa"}};
  EXPECT_EQ(named.key(), small_description().key());
  EXPECT_FALSE(difference(named, small_description()));
  write_manifest({named, {}, false}, folder.path());
  EXPECT_EQ(read_manifest(folder.path()).description, named);
  CacheWriter(folder.path(), small_description());
  EXPECT_EQ(read_manifest(folder.path()).description.names, named.names);
}

TEST(CacheKey, DependsOnEveryField) {
  const CacheDescription description = small_description();
  const auto expect_other = [&](const auto& change, const std::string& field) {
    CacheDescription other = description;
    change(other);
    EXPECT_NE(other.key(), description.key()) << field;
    const auto found = difference(description, other);
    ASSERT_TRUE(found);
    EXPECT_NE(found->find(field), std::string::npos) << *found;
  };
  for (const char* name : {"model", "tokenizer", "task", "template", "pairs", "device"}) {
    expect_other([&](auto& d) { d.fingerprints[name] = "other"; }, name);
  }
  expect_other([](auto& d) { d.sites[0].width = 7; }, "sites");
  expect_other([](auto& d) { d.sites[0].group = 3; }, "sites");
  expect_other([](auto& d) { d.sites[0].only = {1}; }, "sites");
  expect_other([](auto& d) { d.sites[0].positions = ReadPositions::answer_mean; }, "sites");
  expect_other(
      [](auto& d) {
        d.answer_tokens.positive = {1, 2};
      },
      "'answer_tokens.positive', number of entries (here 0, there 2)");
  expect_other([](auto& d) { d.sites.pop_back(); }, "sites");
  expect_other([](auto& d) { d.dtype = at::kHalf; }, "dtype");
  expect_other([](auto& d) { d.pairs = 24; }, "'pairs' (here 23, there 24)");
  expect_other([](auto& d) { d.pairs_per_shard = 8; }, "pairs_per_shard");
  expect_other([](auto& d) { d.answer_classes[3] = "no"; },
               "'answer_classes' of pair 3 (here \"yes\", there \"no\")");
  EXPECT_FALSE(difference(description, description));
  EXPECT_EQ(description.key(), small_description().key());
}

TEST(CacheDescription, ShardsOfAbout32MiB) {
  CacheDescription description = small_description();
  description.sites = {{"attention", 32, 4096}, {"ffn", 32, 4096}};
  // 2 sites * 2 texts * 131072 units * 2 bytes = 1 MiB a pair
  EXPECT_EQ(default_pairs_per_shard(description), 32);
  description.sites = {{"layer", 100, 100000}};
  EXPECT_EQ(default_pairs_per_shard(description), 1);
  // 2 texts * 32 layers * 4096 units * 2 bytes = 512 KiB a token of both answers
  description.sites = {
      {.name = "layer", .layers = 32, .width = 4096, .positions = ReadPositions::answer_all}};
  description.answer_tokens.positive.assign(23, 8);
  description.answer_tokens.negative.assign(23, 8);
  EXPECT_EQ(default_pairs_per_shard(description), 8);
  EXPECT_EQ(description.bytes(), std::int64_t{23} * 4 << 20);
  EXPECT_EQ(description.bytes(22), 4 << 20);
}

TEST(CacheWriter, AnotherKeyIsRefusedWithTheField) {
  TemporaryFolder folder;
  CacheDescription description = small_description();
  make_cache(folder.path(), description);
  const auto before = contents(folder.path());
  description.fingerprints["template"] = "p2";
  const auto open = [&] { CacheWriter(folder.path(), description); };
  expect_refusal<UsageError>(open, "fingerprint 'template' (here \"p2\", there \"p1\")");
  expect_refusal<UsageError>(open, "another --out");
  EXPECT_EQ(contents(folder.path()), before);
}

TEST(CacheWriter, ImpossibleDescriptionsMakeNoFolder) {
  TemporaryFolder folder;
  const auto refuse = [&](const auto& change, const std::string& message) {
    CacheDescription description = small_description();
    change(description);
    expect_refusal<UsageError>([&] { CacheWriter(folder / "c", description); }, message);
  };
  refuse([](auto& d) { d.fingerprints.erase("task"); }, "fingerprint 'task' is missing");
  refuse([](auto& d) { d.sites.clear(); }, "no sites");
  refuse([](auto& d) { d.dtype = at::kDouble; }, "Double cannot be cached");
  refuse([](auto& d) { d.pairs = 0; }, "impossible numbers of pairs");
  refuse([](auto& d) { d.answer_classes = {"yes", "no"}; }, "2 answer classes for 23 pairs");
  refuse([](auto& d) { d.sites[1].group = 3; }, "groups of 3 dims");
  refuse([](auto& d) { d.sites[1].only = {2}; }, "keeps impossible layers [2]");
  refuse([](auto& d) { d.sites.push_back({.name = "ffn", .layers = 2, .width = 4}); },
         "the site 'ffn' stands twice");
  refuse([](auto& d) { d.sites[0].positions = ReadPositions::answer_mean; },
         "0 positive answers are counted");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(CacheWriter, LeavesOtherFoldersAlone) {
  TemporaryFolder folder;
  write_file(folder / "thesis.txt", "years of work");
  const auto open = [&] { CacheWriter(folder.path(), small_description()); };
  expect_refusal<FileError>(open, "it holds thesis.txt");
  EXPECT_EQ(read_file(folder / "thesis.txt"), "years of work");
}

TEST(CacheWriter, NotFiniteActivationsAreNamed) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  {
    CacheWriter writer(folder.path(), description);
    append_until(writer, description, 5, 10);
    Activations batch = activations_of(description, 10, 5);
    batch["ffn"].negative[3][1][2] = std::numeric_limits<float>::quiet_NaN();
    const std::string place = "pair 13: the negative activation at site ffn, layer 1, dim 2";
    expect_refusal<ComputeError>([&] { writer.append(batch); }, place);
    batch = activations_of(description, 10, 5);
    batch["attention"].positive[0][0][5] = -std::numeric_limits<float>::infinity();
    expect_refusal<ComputeError>([&] { writer.append(batch); },
                                 "pair 10: the positive activation at site attention, layer 0, "
                                 "dim 5 is not finite; found -inf");
  }
  // The two finished shards are still there, and the rest can be collected.
  CacheWriter writer(folder.path(), description);
  EXPECT_EQ(writer.next_pair(), 8);
  EXPECT_TRUE(writer.damaged().empty());
  append_until(writer, description, 5, description.pairs);
  writer.finish();
  TemporaryFolder reference;
  make_cache(reference.path(), description);
  EXPECT_EQ(contents(folder.path()), contents(reference.path()));
}

TEST(CacheWriter, NotFiniteTokensOfAnswersAreNamed) {
  const CacheDescription description = answers_description();
  TemporaryFolder folder;
  CacheWriter writer(folder.path(), description);
  append_until(writer, description, 5, 10);
  // The negative answers of pairs 10, 11, 12 have 1, 3, 5 tokens.
  Activations batch = activations_of(description, 10, 5);
  batch["layer@answer_all"].negative[1 + 3 + 2][1][3] = std::numeric_limits<float>::infinity();
  expect_refusal<ComputeError>([&] { writer.append(batch); },
                               "pair 12: the negative activation of token 2 of the answer at site "
                               "layer@answer_all, layer 2, dim 3 is not finite; found inf");
}

TEST(CacheWriter, AnswersThatDoNotFit) {
  CacheDescription description = answers_description();
  std::swap(description.sites[0], description.sites[1]);
  TemporaryFolder folder;
  CacheWriter writer(folder.path(), description);
  const auto refuse = [&](const auto& change, const std::string& message) {
    Activations batch = activations_of(description, 0, 3);
    change(batch["layer@answer_all"], batch["layer@answer_mean"]);
    expect_refusal<UsageError>([&] { writer.append(batch); }, message);
  };
  const auto shorten = [](at::Tensor& tensor, std::int64_t axis) {
    tensor = tensor.narrow(axis, 0, tensor.size(axis) - 1);
  };
  // The positive answers of pairs 0 to 2 have 1, 2, 3 tokens, the negative ones 1, 3, 5.
  refuse([&](auto& all, auto&) { shorten(all.positive, 0); },
         "layer@answer_all do not fit the cache; expected BFloat16 [6, 2, 4]; found BFloat16 "
         "[5, 2, 4]");
  refuse([&](auto& all, auto&) { shorten(all.negative, 0); },
         "expected BFloat16 [9, 2, 4]; found BFloat16 [8, 2, 4]");
  refuse([&](auto& all, auto&) { shorten(all.positive, 1); }, "found BFloat16 [6, 1, 4]");
  refuse([&](auto&, auto& mean) { shorten(mean.positive, 0); },
         "layer@answer_mean do not fit the cache; expected BFloat16 [3, 3, 4]");
  EXPECT_EQ(writer.next_pair(), 0);
}

TEST(CacheWriter, TensorsThatDoNotFit) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  CacheWriter writer(folder.path(), description);
  const auto refuse = [&](const auto& change, const std::string& message) {
    Activations batch = activations_of(description, 0, 3);
    change(batch);
    expect_refusal<UsageError>([&] { writer.append(batch); }, message);
  };
  refuse([](auto& b) { b.erase("ffn"); }, "got 1 sites, the cache has 2");
  refuse([](auto& b) { b["layer"] = b["ffn"], b.erase("ffn"); }, "no activations at site ffn");
  refuse([](auto& b) { b["ffn"].positive = b["ffn"].positive.to(at::kFloat); },
         "expected BFloat16 [3, 2, 4]; found Float [3, 2, 4]");
  refuse([](auto& b) { b["ffn"].negative = b["ffn"].negative.narrow(0, 0, 2); },
         "found BFloat16 [2, 2, 4]");
  refuse([](auto& b) { b["ffn"].negative = b["ffn"].negative.transpose(1, 2); },
         "found BFloat16 [3, 4, 2]");
  expect_refusal<UsageError>([&] { writer.append(activations_of(description, 0, 24)); },
                             "got 24 pairs, only 23 are missing");
  EXPECT_EQ(writer.next_pair(), 0);
}

TEST(Cache, VoidPairsAreDescribedAndPartOfNoKey) {
  const TemporaryFolder folder;
  CacheDescription description = small_description();
  const std::string key = description.key();
  write_manifest({description, {}, false}, folder.path());
  const std::string before = read_file(folder / "manifest.json");
  EXPECT_EQ(before.find("void"), std::string::npos) << "without any, nothing is written of them";

  description.void_pairs = {{1, 4}, {4, 7}, {9}, false};
  EXPECT_EQ(description.key(), key);
  EXPECT_EQ(difference(description, small_description()), std::nullopt);
  EXPECT_EQ(description.void_pairs.all(), (std::vector<std::int64_t>{1, 4, 7}));
  write_manifest({description, {}, false}, folder.path());
  EXPECT_EQ(read_manifest(folder.path()).description, description);
  EXPECT_EQ(to_text(void_pairs_summary(description.void_pairs)),
            R"({"cut":2,"equal":2,"shortened":1,"dropped":false})");

  description.void_pairs = {{1, 24}, {}, {}, true};
  EXPECT_EQ(flaw(description), std::nullopt) << "two more were to be collected";
  for (const VoidPairs& wrong :
       {VoidPairs{{4, 1}, {}, {}, false}, VoidPairs{{}, {-1}, {}, false},
        VoidPairs{{}, {}, {23}, false}, VoidPairs{{1, 25}, {}, {}, true}}) {
    description.void_pairs = wrong;
    EXPECT_EQ(flaw(description), "its void pairs are not places of pairs, in order");
  }
}

TEST(Cache, AnUnfinishedCacheGainsItsVoidPairs) {
  const TemporaryFolder folder;
  CacheDescription description = small_description();
  { CacheWriter writer(folder.path(), description); }
  description.void_pairs.equal = {3};
  CacheWriter writer(folder.path(), description);
  append_until(writer, description, 5, description.pairs);
  writer.finish();
  EXPECT_EQ(ActivationCache(folder.path()).description().void_pairs, description.void_pairs);
}

}  // namespace
}  // namespace austeer
