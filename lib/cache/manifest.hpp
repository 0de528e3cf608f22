#pragma once
// manifest.json of an activation cache: the description, and the shards that are on disk. It holds
// no times and no paths, so that equal work gives equal bytes.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cache/description.hpp"

namespace austeer {

/// A shard that has been written and renamed into place.
struct ShardRecord {
  std::string file;  ///< "shard-00000.safetensors"
  std::int64_t pairs = 0;
  std::string sha256;
};

struct Manifest {
  CacheDescription description;
  std::vector<ShardRecord> shards;  ///< a prefix of the finished cache's shards, in order
  bool complete = false;            ///< set by CacheWriter::finish once all shards are there

  /// Pairs in the shards listed.
  std::int64_t pairs_done() const;
};

void describe(auto& visit, SettingsOf<ShardRecord> auto& shard) {
  visit(shard.file, {.key = "file", .required = true});
  visit(shard.pairs, {.key = "pairs", .required = true});
  visit(shard.sha256, {.key = "sha256", .required = true});
}

void describe(auto& visit, SettingsOf<Manifest> auto& manifest) {
  describe(visit, manifest.description);
  visit(manifest.complete, {.key = "complete", .required = true});
  visit(manifest.shards, {.key = "shards", .required = true});
}

/// "shard-00007.safetensors"
std::string shard_name(std::int64_t index);

/// Where the manifest of `folder` lies.
std::filesystem::path manifest_path(const std::filesystem::path& folder);

/// Whether `folder` has a manifest. Throws FileError where that cannot be found out.
bool has_manifest(const std::filesystem::path& folder);

/// Writes the manifest of `folder` atomically. Throws FileError.
void write_manifest(const Manifest& manifest, const std::filesystem::path& folder);

/// Reads and checks the manifest of `folder`: schema, key, and a shard list that fits the
/// description. Throws FileError, FormatError.
Manifest read_manifest(const std::filesystem::path& folder);

// The parts of a cache: its folder itself, and sub-folders `added-01`, `added-02`, ... with the
// sites that were collected later. Each is written by a CacheWriter of its own and has a manifest
// of its own, so that adding a site leaves what is there untouched.

/// "added-07"
std::string added_part_name(std::int64_t number);

/// The folders of the added parts of the cache in `folder`, by ascending number, without those
/// that a killed run left before their manifest was written. Throws FileError.
std::vector<std::filesystem::path> added_parts(const std::filesystem::path& folder);

/// Where the next added part goes: into the first folder that has no manifest, else after the last
/// one that is there. Throws FileError.
std::filesystem::path next_added_part(const std::filesystem::path& folder);

}  // namespace austeer
