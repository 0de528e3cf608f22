#pragma once
// How much memory there is, and sizes as people read them.

#include <cstdint>
#include <filesystem>
#include <string>

namespace austeer {

/// Bytes that programs can still take without swapping: what the kernel estimates, or what the
/// control groups leave where that is less. Cached files count as free in both.
std::int64_t available_memory();

/// The second of the two: the least that is left in the process's own control group and in those
/// that contain it, up to the root, of version 2 and of the memory controller of version 1. The
/// group is looked up in proc/self/cgroup, the hierarchies' folders in proc/self/mountinfo, both
/// below `root`. A very large number where there is no limit.
std::int64_t memory_left_in_groups(const std::filesystem::path& root = "/");

/// What is left in the one group whose files lie in `folder`: memory.max, memory.current and
/// memory.stat, or memory.limit_in_bytes, memory.usage_in_bytes and memory.stat. A very large
/// number where it has no limit.
std::int64_t memory_left_in_group(const std::filesystem::path& folder);

/// "512 B", "3.4 MiB", "13.0 GiB".
std::string human_bytes(std::int64_t bytes);

}  // namespace austeer
