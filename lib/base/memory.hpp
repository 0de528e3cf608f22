#pragma once
// How much memory there is, and sizes as people read them.

#include <cstdint>
#include <filesystem>
#include <string>

namespace austeer {

/// Bytes that programs can still take without swapping: what the kernel estimates, or what the
/// control group's limit leaves where that is less. Cached files count as free in both.
std::int64_t available_memory();

/// The second of the two, from the files in `folder`: memory.max, memory.current, memory.stat. A
/// very large number where there is no limit.
std::int64_t memory_left_in_group(const std::filesystem::path& folder);

/// "512 B", "3.4 MiB", "13.0 GiB".
std::string human_bytes(std::int64_t bytes);

}  // namespace austeer
