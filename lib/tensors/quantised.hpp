#pragma once
// Block formats of GGUF tensors: a row is a sequence of blocks, each of which holds some scales and
// small integers. One table describes them all; a new format is one more line in it.

#include <ATen/ATen.h>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace austeer {

struct BlockFormat {
  std::string_view name;
  std::uint32_t gguf_type;      ///< the number in a GGUF tensor's description
  std::int64_t block_elements;  ///< elements in a block
  std::int64_t block_bytes;     ///< bytes of a block
  /// Writes `blocks` × block_elements floats; `in` may be misaligned.
  void (*dequantise)(const std::byte* in, std::int64_t blocks, float* out);
  std::optional<at::ScalarType> plain = {};  ///< the dtype whose values lie there as they are
};

/// The format numbered `gguf_type`: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K.
/// Throws FormatError for others, by their name; `place` opens the message.
const BlockFormat& block_format(std::uint32_t gguf_type, const std::string& place);

/// Fills `out` (contiguous, of a floating-point dtype) with the elements of `blocks`, whole blocks
/// of `format`, on all threads. Values are computed in float32 and rounded to the dtype once.
void dequantise(const BlockFormat& format, std::span<const std::byte> blocks, at::Tensor& out);

}  // namespace austeer
