#pragma once
// The parts of a cache: its folder itself, and sub-folders `added-01`, `added-02`, ... with the
// sites that were collected later. Each is written by a CacheWriter of its own and has a manifest
// of its own, so that adding a site leaves what is there untouched.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace austeer {

/// "added-07"
std::string added_part_name(std::int64_t number);

/// The folders of the added parts of the cache in `folder`, by ascending number, without those
/// that a killed run left before their manifest was written. Throws FileError.
std::vector<std::filesystem::path> added_parts(const std::filesystem::path& folder);

/// Where the next added part goes: into the first folder that has no manifest, else after the last
/// one that is there. Throws FileError.
std::filesystem::path next_added_part(const std::filesystem::path& folder);

}  // namespace austeer
