#pragma once
// What a run will take in memory and on disk, said (and refused, where it cannot be had) before it
// starts.

#include <cstdint>
#include <filesystem>
#include <string>

#include "models/load.hpp"

namespace austeer {

/// Bytes that one pass of `tokens` rows takes beside the weights: activations, and keys and values
/// where the texts go on. An estimate: the largest intermediate results of a layer, twice.
std::int64_t pass_bytes(const Decoder& decoder, std::int64_t tokens, bool keeps_keys);

/// "2.6 GiB of weights in float32, about 0.1 GiB for a pass of 2048 tokens".
std::string memory_needs(const Model& model, std::int64_t tokens, bool keeps_keys);

/// Throws FileError when the disk that holds `folder` (which need not exist) has less than `bytes`
/// free.
void check_free_disk(const std::filesystem::path& folder, std::int64_t bytes);

}  // namespace austeer
