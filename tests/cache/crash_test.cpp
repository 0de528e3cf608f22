// What the activation cache survives: being killed at any moment, damage to finished shards, a
// second process.

#include <algorithm>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/caches.hpp"
#include "cache/processes.hpp"
#include "cache/reader.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using namespace testing;

/// Resumes the cache, appends pair by pair up to `stop` and dies, without a chance to clean up.
void collect_and_die(const std::filesystem::path& folder, const CacheDescription& description,
                     std::int64_t stop) {
  const int status = wait_for(in_child([&] {
    CacheWriter writer(folder, description);
    append_until(writer, description, 1, stop);
    return ::raise(SIGKILL);
  }));
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
}

/// Where shard `shard` begins; the end of the cache for the one after its last.
std::int64_t first_pair_of(const CacheDescription& description, std::int64_t shard) {
  return std::clamp(shard * description.pairs_per_shard, std::int64_t{0}, description.pairs);
}

TEST(CacheCrash, KilledAfterAnyPairTheRerunGivesTheSameBytes) {
  for (const CacheDescription& description : {small_description(), answers_description()}) {
    const auto expected = undisturbed(description);
    for (std::int64_t stop = 0; stop <= description.pairs; ++stop) {
      TemporaryFolder folder;
      collect_and_die(folder.path(), description, stop);
      CacheWriter writer(folder.path(), description);
      const std::int64_t shards = stop == description.pairs ? 6 : stop / 4;
      const std::vector<std::int64_t> possible = {first_pair_of(description, shards),
                                                  first_pair_of(description, shards - 1)};
      EXPECT_NE(std::ranges::find(possible, writer.next_pair()), possible.end())
          << writer.next_pair() << " after " << stop << ": only the last shard may be missing";
      append_until(writer, description, 1, description.pairs);
      writer.finish();
      EXPECT_EQ(contents(folder.path()), expected) << "killed after pair " << stop;
    }
  }
}

TEST(CacheCrash, KilledAgainAndAgainTheRerunGivesTheSameBytes) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  for (const std::int64_t stop : {3, 5, 6, 13, 15, 20, 23, 23}) {
    collect_and_die(folder.path(), description, stop);
  }
  make_cache(folder.path(), description);
  EXPECT_EQ(contents(folder.path()), undisturbed(description));
}

// A write that crosses the limit on the size of files kills the process in the midst of the file:
// of a shard, or, where the limit is wider than a shard, of the manifest.
TEST(CacheCrash, KilledInTheMidstOfAFileTheRerunGivesTheSameBytes) {
  const CacheDescription description = small_description();
  const auto expected = undisturbed(description);
  const std::size_t shard = expected.at(shard_name(0)).size();
  const std::size_t manifest = expected.at("manifest.json").size();
  ASSERT_GT(manifest, shard + 1);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, shard / 2, shard - 1, shard,
                                 shard + 1, (shard + manifest) / 2, manifest - 2}) {
    TemporaryFolder folder;
    const int status = wait_for(in_child([&] {
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      CacheWriter writer(folder.path(), description);
      const rlimit limit{size, size};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      append_until(writer, description, 4, description.pairs);
      writer.finish();
      return 0;
    }));
    ASSERT_TRUE(WIFSIGNALED(status)) << "a limit of " << size << ": " << WEXITSTATUS(status);
    ASSERT_EQ(WTERMSIG(status), SIGXFSZ);
    const auto left = contents(folder.path());
    const bool in_shard = size < shard;
    EXPECT_EQ(left.contains("manifest.json.partial"), !in_shard) << "a limit of " << size;
    EXPECT_EQ(left.contains(shard_name(0)), !in_shard) << "a limit of " << size;
    make_cache(folder.path(), description);
    EXPECT_EQ(contents(folder.path()), expected) << "a limit of " << size;
  }
}

// The states between two system calls, built by hand, which no kill from outside meets for certain.
TEST(CacheCrash, EveryStateBetweenTwoStepsIsResumed) {
  const CacheDescription description = small_description();
  const auto expected = undisturbed(description);
  TemporaryFolder whole;
  make_cache(whole.path(), description);
  const Manifest last = read_manifest(whole.path());

  for (std::size_t listed = 0; listed <= last.shards.size(); ++listed) {
    for (const bool next_is_renamed : {false, true}) {
      TemporaryFolder folder;
      Manifest manifest = last;
      manifest.shards.resize(listed);
      manifest.complete = false;
      const std::size_t present = std::min(listed + next_is_renamed, last.shards.size());
      for (std::size_t i = 0; i < present; ++i) {
        std::filesystem::copy(whole / last.shards[i].file, folder / last.shards[i].file);
      }
      write_manifest(manifest, folder.path());
      std::ofstream(folder / "manifest.json.partial") << "{\"sche";
      std::ofstream(folder / "shard-00003.safetensors.partial") << "half a sha";

      CacheWriter writer(folder.path(), description);
      EXPECT_EQ(writer.next_pair(), manifest.pairs_done());
      append_until(writer, description, 5, description.pairs);
      writer.finish();
      EXPECT_EQ(contents(folder.path()), expected) << listed << " shards listed";
    }
  }
}

TEST(CacheCrash, KilledBeforeTheFirstManifest) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  std::ofstream(folder / ".lock") << "123";
  std::ofstream(folder / "manifest.json.partial") << "{";
  make_cache(folder.path(), description);
  EXPECT_EQ(contents(folder.path()), undisturbed(description));
}

TEST(CacheCrash, AFinishedCacheIsLeftAsItIs) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  make_cache(folder.path(), description);
  const auto time = std::filesystem::last_write_time(folder / "manifest.json");
  CacheWriter writer(folder.path(), description);
  EXPECT_EQ(writer.next_pair(), description.pairs);
  writer.finish();
  EXPECT_EQ(std::filesystem::last_write_time(folder / "manifest.json"), time);
}

TEST(CacheCrash, DamagedShardsAreMadeAnew) {
  const CacheDescription description = small_description();
  const auto expected = undisturbed(description);
  const std::string name = "shard-00002.safetensors";
  const auto heal = [&](const auto& damage) {
    TemporaryFolder folder;
    make_cache(folder.path(), description);
    damage(folder / name);
    CacheWriter writer(folder.path(), description);
    EXPECT_EQ(writer.next_pair(), 8);
    EXPECT_EQ(writer.damaged().front(), name);
    EXPECT_EQ(writer.damaged().size(), 4U);
    append_until(writer, description, 5, description.pairs);
    writer.finish();
    EXPECT_EQ(contents(folder.path()), expected);
  };
  heal([](const auto& file) { std::filesystem::remove(file); });
  heal([](const auto& file) { std::filesystem::resize_file(file, 64); });
  heal([](const auto& file) {
    std::string bytes = read_file(file);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write_file(file, bytes);
  });
}

// A symbolic link to itself stands in for a file system that fails for a while.
TEST(CacheCrash, AShardThatCannotBeReadIsNotDropped) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  make_cache(folder.path(), description);
  const std::filesystem::path shard = folder / shard_name(2);
  std::filesystem::rename(shard, folder / "aside");
  std::filesystem::create_symlink(shard, shard);
  expect_refusal<FileError>([&] { CacheWriter(folder.path(), description); }, "symbolic links");
  std::filesystem::remove(shard);
  std::filesystem::rename(folder / "aside", shard);
  EXPECT_EQ(contents(folder.path()), undisturbed(description));
}

TEST(CacheCrash, OnlyItsOwnLeftoversAreRemoved) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  make_cache(folder.path(), description);
  const std::vector<std::string> kept = {"shard-notes.txt",
                                         "shard-1.safetensors",
                                         "shard-00009.safetensors.old",
                                         "manifest.json.partial2",
                                         "shard-00009.safetensors.bak.partial",
                                         "notes.partial"};
  const std::vector<std::string> leftovers = {
      "shard-00009.safetensors", "shard-00009.safetensors.partial",
      "shard-123456.safetensors.partial", "manifest.json.partial"};
  for (const std::string& name : kept) write_file(folder / name, "mine");
  for (const std::string& name : leftovers) std::ofstream(folder / name) << "half";
  CacheWriter(folder.path(), description);
  for (const std::string& name : kept) EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
  for (const std::string& name : leftovers) {
    EXPECT_FALSE(std::filesystem::exists(folder / name)) << name;
  }
}

TEST(CacheCrash, WhatTheSystemRefusesIsAFileError) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  make_cache(folder.path(), description);
  make_folder(folder / "shard-00009.safetensors.partial" / "full");
  expect_refusal<FileError>([&] { CacheWriter(folder.path(), description); },
                            "cannot remove the leftover");
  TemporaryFolder other;
  std::filesystem::create_symlink("manifest.json", other / "manifest.json");
  expect_refusal<FileError>([&] { CacheWriter(other.path(), description); }, "cannot read");
  expect_refusal<FileError>([&] { ActivationCache{other.path()}; }, "cannot read");
}

TEST(CacheCrash, ASecondProcessIsTold) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  CacheWriter writer(folder.path(), description);
  append_until(writer, description, 5, 10);
  const pid_t child = in_child([&] {
    try {
      CacheWriter second(folder.path(), description);
    } catch (const FileError& error) {
      const std::string pid = "pid " + std::to_string(::getppid());
      return std::string(error.what()).find(pid) != std::string::npos ? 7 : 8;
    }
    return 9;
  });
  EXPECT_EQ(WEXITSTATUS(wait_for(child)), 7);
  append_until(writer, description, 5, description.pairs);
  writer.finish();
  EXPECT_EQ(contents(folder.path()), undisturbed(description));
}

}  // namespace
}  // namespace austeer
