#pragma once
// What stands for a file of weights in keys and results, without reading gigabytes.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.hpp"

namespace austeer {

/// Adds to `hash` the header [0, data_start) of `file`, its size, and the first and last 64 KiB of
/// its data.
inline void add_file_samples(Sha256& hash, std::string_view file, std::uint64_t data_start) {
  constexpr std::size_t sample = 64 * 1024;
  const std::string_view data = file.substr(data_start);
  hash.update(file.substr(0, data_start)).update("size " + std::to_string(file.size()));
  hash.update(data.substr(0, sample));
  hash.update(data.substr(data.size() - std::min(sample, data.size())));
}

}  // namespace austeer
