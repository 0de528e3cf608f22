#pragma once
// Writing small GGUF files, version 3: text and whole numbers as metadata, float32 tensors.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace austeer {

/// A value of type text or u32.
using GgufScalar = std::variant<std::string, std::uint32_t>;

/// Writes `metadata` and `tensors`, atomically and in the given order; equal input gives equal
/// bytes. Tensors are stored as F32, aligned to 32 bytes. Throws FileError.
void write_gguf(const std::filesystem::path& file,
                const std::vector<std::pair<std::string, GgufScalar>>& metadata,
                const std::vector<std::pair<std::string, at::Tensor>>& tensors);

}  // namespace austeer
