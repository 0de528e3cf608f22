#pragma once
// How much memory there is, and sizes as people read them.

#include <cstdint>
#include <string>

namespace austeer {

/// Bytes that programs can still take without swapping: what the kernel estimates, or what the
/// control group's limit leaves where that is less.
std::int64_t available_memory();

/// "512 B", "3.4 MiB", "13.0 GiB".
std::string human_bytes(std::int64_t bytes);

}  // namespace austeer
