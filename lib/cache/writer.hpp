#pragma once
// Writes an activation cache so that it survives being killed at any moment: a rerun finds the
// finished shards, continues after them and ends with the bytes of an undisturbed run.
//
//   CacheWriter writer(folder, description);
//   while (writer.next_pair() < description.pairs) writer.append(collect(writer.next_pair(), 32));
//   writer.finish();
//
// The manifest is the truth: it is written before the first shard, and after each one that has
// reached the disk. A shard that it does not list counts for nothing.
//
// A full shard is written by a thread of its own while the caller computes the next one. One shard
// at a time: whoever fills the next before the last is on disk waits for it.

#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "base/locks.hpp"
#include "cache/manifest.hpp"
#include "cache/shard.hpp"

namespace austeer {

class CacheWriter {
 public:
  /// Creates the cache or resumes it. Verifies the finished shards; those from the first missing
  /// or damaged one on are dropped and made anew. Throws FileError when another process writes to
  /// `folder`, it holds something else, or a shard that is there cannot be read, UsageError when
  /// the cache there has another key (naming the field) or `description` is impossible, FormatError
  /// when its manifest is broken.
  CacheWriter(std::filesystem::path folder, CacheDescription description);

  /// The first pair that is not in the cache yet: append() expects it next.
  std::int64_t next_pair() const;

  /// Takes the activations of the next pairs, every site of the description for the same pairs,
  /// on any device; sets out to write each shard that becomes full. Throws UsageError for tensors
  /// that do not fit, ComputeError for a NaN or infinite activation, naming pair, site, layer and
  /// dim, and what went wrong with a shard of an earlier call: FileError when it could not be
  /// written. What is on disk stays intact then; the writer itself is of no further use.
  void append(const Activations& batch);

  /// Waits for the last shard and marks the cache complete. Throws UsageError when pairs are
  /// missing, FileError also for a shard of an earlier call.
  void finish();

  /// Files of finished shards that did not match their record and are made anew, for the log.
  const std::vector<std::string>& damaged() const { return damaged_; }

 private:
  void resume();
  void keep_intact_shards();
  void remove_leftovers() const;
  std::int64_t pairs_of(const Activations& batch) const;
  void check(const Activations& batch, std::int64_t pairs) const;
  std::int64_t shard_pairs() const;
  void buffer(const Activations& batch, std::int64_t taken, std::int64_t count);
  void write_full_shard();
  void rethrow_failure() const;

  std::filesystem::path folder_;
  FolderLock lock_;
  Manifest manifest_;          ///< its shards belong to `writing_` while that goes on
  std::int64_t filled_ = 0;    ///< pairs in full shards, on disk or on their way there
  Activations buffer_;         ///< the shard being filled, [rows, kept layers, width]
  std::int64_t buffered_ = 0;  ///< pairs in it
  std::vector<std::string> damaged_;
  /// The last full shard's way to the disk; an error stays in it, so that every later call throws
  /// it. The last member: its destructor waits before anything that it uses goes away.
  std::shared_future<void> writing_;
};

}  // namespace austeer
