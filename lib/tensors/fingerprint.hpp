#pragma once
// What stands for a file of weights in keys and results, without reading gigabytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.hpp"

namespace austeer {

/// Adds to `hash` the header [0, data_start) of `file`, and its size.
inline void add_file_header(Sha256& hash, std::string_view file, std::uint64_t data_start) {
  hash.update(file.substr(0, data_start)).update("size " + std::to_string(file.size()));
}

/// Adds to `hash` the first, middle and last 4 KiB of a tensor's bytes, or all of a small one.
inline void add_tensor_samples(Sha256& hash, std::string_view tensor) {
  constexpr std::size_t sample = 4096;
  if (tensor.size() <= 3 * sample) {
    hash.update(tensor);
    return;
  }
  for (const std::size_t begin :
       {std::size_t{0}, (tensor.size() - sample) / 2, tensor.size() - sample}) {
    hash.update(tensor.substr(begin, sample));
  }
}

}  // namespace austeer
