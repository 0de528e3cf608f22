// What the activation cache survives: being killed at any moment, damage to finished shards, a
// second process, and a disk that fills up.

#include <chrono>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "cache/caches.hpp"
#include "cache/reader.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::activations_of;
using testing::append_until;
using testing::contents;
using testing::make_cache;
using testing::small_description;
using testing::TemporaryFolder;

/// The folder that an undisturbed run leaves.
std::map<std::string, std::string> undisturbed(const CacheDescription& description) {
  TemporaryFolder folder;
  make_cache(folder.path(), description);
  return contents(folder.path());
}

/// Runs `work` in a child process; its result is the exit status, 99 for an exception.
template <typename Work>
pid_t in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int status = 99;
  try {
    status = work();
  } catch (...) {
  }
  ::_exit(status);
}

int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

/// Collects in a child that reports each batch; kills it `delay` after it has reported `batches`.
/// True when the child was killed, false when it had finished.
bool collect_and_kill(const std::filesystem::path& folder, const CacheDescription& description,
                      int batches, std::chrono::microseconds delay) {
  int report[2];
  EXPECT_EQ(::pipe(report), 0);
  const pid_t child = in_child([&] {
    CacheWriter writer(folder, description);
    while (writer.next_pair() < description.pairs) {
      append_until(writer, description, 1, writer.next_pair() + 1);
      if (::write(report[1], "x", 1) != 1) return 98;
    }
    writer.finish();
    return 0;
  });
  ::close(report[1]);
  char byte = 0;
  for (int i = 0; i < batches && ::read(report[0], &byte, 1) == 1; ++i) {
  }
  std::this_thread::sleep_for(delay);
  ::kill(child, SIGKILL);
  const int status = wait_for(child);
  ::close(report[0]);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
  return WIFSIGNALED(status);
}

TEST(CacheCrash, KilledAtAnyMomentTheRerunGivesTheSameBytes) {
  const CacheDescription description = small_description();
  const auto expected = undisturbed(description);
  std::mt19937 random(11);
  int kills_half_way = 0;
  for (int round = 0; round < 30; ++round) {
    TemporaryFolder folder;
    while (collect_and_kill(folder.path(), description, static_cast<int>(random() % 12),
                            std::chrono::microseconds(random() % 8000))) {
      const auto found = contents(folder.path());
      if (found.contains("shard-00000.safetensors") && found != expected) ++kills_half_way;
    }
    ASSERT_EQ(contents(folder.path()), expected) << "round " << round;
  }
  // Without kills between the first shard and the end this test shows nothing.
  EXPECT_GE(kills_half_way, 10);
}

// The states between two system calls, built by hand, because a random kill may miss them.
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

// A limit on the size of files stands in for the full disk: write() fails half-way through a shard.
TEST(CacheCrash, AFullDiskLeavesEarlierShardsIntact) {
  CacheDescription description = small_description();
  const auto expected = undisturbed(description);
  TemporaryFolder folder;
  const pid_t child = in_child([&] {
    CacheWriter writer(folder.path(), description);
    append_until(writer, description, 4, 12);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{500, 500};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      append_until(writer, description, 4, description.pairs);
    } catch (const FileError& error) {
      return std::string(error.what()).find("shard-00003.safetensors") != std::string::npos ? 7 : 8;
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

}  // namespace
}  // namespace austeer
