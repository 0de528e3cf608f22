// How shards are written while the caller goes on: the bytes of shards that are written one by one,
// and a disk that fills up meanwhile.

#include <csignal>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cache/caches.hpp"
#include "cache/processes.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using namespace testing;

/// Waits until `shards` shards are on disk and in the manifest. Writers write in the background.
void wait_for_shards(const std::filesystem::path& folder, std::size_t shards) {
  while (read_manifest(folder).shards.size() < shards) ::usleep(1000);
}

void limit_file_sizes() {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{500, 500};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

// A limit on the size of files stands in for the full disk: write() fails half-way through a shard.
TEST(CacheWriting, AFullDiskLeavesEarlierShardsIntact) {
  CacheDescription description = small_description();
  const auto expected = undisturbed(description);
  TemporaryFolder folder;
  const pid_t child = in_child([&] {
    CacheWriter writer(folder.path(), description);
    append_until(writer, description, 4, 12);
    wait_for_shards(folder.path(), 3);
    limit_file_sizes();
    try {
      append_until(writer, description, 4, description.pairs);
    } catch (const FileError& error) {
      const std::string message = error.what();
      const bool named = message.find("shard-00003.safetensors") != std::string::npos;
      return named && message.find("free some space") != std::string::npos ? 7 : 8;
    }
    return 9;
  });
  EXPECT_EQ(WEXITSTATUS(wait_for(child)), 7);

  const auto left = contents(folder.path());
  EXPECT_EQ(left.size(), 4U) << "three shards and the manifest, no partial file";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(left.at(shard_name(i)), expected.at(shard_name(i)));
  CacheWriter writer(folder.path(), description);
  EXPECT_EQ(writer.next_pair(), 12);
  append_until(writer, description, 4, description.pairs);
  writer.finish();
  EXPECT_EQ(contents(folder.path()), expected);
}

// The last shard is on its way when append() returns: finish() tells, as often as it is asked.
TEST(CacheWriting, AFullDiskAtTheLastShardIsToldByFinish) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  const pid_t child = in_child([&] {
    CacheWriter writer(folder.path(), description);
    append_until(writer, description, 4, 20);
    wait_for_shards(folder.path(), 5);
    limit_file_sizes();
    append_until(writer, description, 4, description.pairs);
    int told = 0;
    for (int i = 0; i < 2; ++i) {
      try {
        writer.finish();
      } catch (const FileError& error) {
        const std::string message = error.what();
        told += message.find("shard-00005.safetensors") != std::string::npos;
      }
    }
    return told == 2 ? 7 : 8;
  });
  EXPECT_EQ(WEXITSTATUS(wait_for(child)), 7);
  const Manifest left = read_manifest(folder.path());
  EXPECT_FALSE(left.complete);
  EXPECT_EQ(left.shards.size(), 5U);
  make_cache(folder.path(), description);
  EXPECT_EQ(contents(folder.path()), undisturbed(description));
}

TEST(CacheWriting, AWriterThatGoesAwayWaitsForItsShard) {
  const CacheDescription description = small_description();
  TemporaryFolder folder;
  {
    CacheWriter writer(folder.path(), description);
    append_until(writer, description, 4, 10);
  }
  EXPECT_EQ(read_manifest(folder.path()).shards.size(), 2U);
  EXPECT_EQ(contents(folder.path()).size(), 3U);
}

// What the writer does in the background, done in order: each shard, then the manifest that has it.
TEST(CacheWriting, GivesTheBytesOfShardsWrittenOneByOne) {
  for (const CacheDescription& description : {small_description(), answers_description()}) {
    TemporaryFolder by_hand;
    Manifest manifest{description, {}, true};
    for (std::int64_t i = 0; i < description.shards(); ++i) {
      manifest.shards.push_back(
          write_shard(by_hand.path(), description, i,
                      activations_of(description, i * description.pairs_per_shard,
                                     description.pairs_in_shard(i))));
    }
    write_manifest(manifest, by_hand.path());
    TemporaryFolder folder;
    make_cache(folder.path(), description);
    EXPECT_EQ(contents(folder.path()), contents(by_hand.path()));
  }
}

}  // namespace
}  // namespace austeer
