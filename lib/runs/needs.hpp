#pragma once
// What a run will take in memory and on disk beside the model's weights, said (and refused, where
// it cannot be had) before it starts.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>

#include "models/config.hpp"

namespace austeer {

/// Bytes that one pass of `tokens` rows takes: twice the largest intermediate results of a layer,
/// and keys and values of `held` tokens where texts go on. An estimate.
std::int64_t pass_bytes(const DecoderConfig& config, at::ScalarType dtype, std::int64_t tokens,
                        std::int64_t held);

/// Throws FileError when the disk that holds `folder` (which need not exist) has less than `bytes`
/// free.
void check_free_disk(const std::filesystem::path& folder, std::int64_t bytes);

}  // namespace austeer
