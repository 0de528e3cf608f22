#pragma once
// Filling a tensor with numbers that are computed in float32, piece by piece on all threads.

#include <ATen/ATen.h>
#include <cstdint>
#include <functional>

namespace austeer {

/// Writes the elements [first, first + count) to `out`.
using WriteFloats = std::function<void(std::int64_t first, std::int64_t count, float* out)>;

/// Fills `out`, contiguous on the CPU and of any floating-point dtype, with what `write` gives,
/// rounded to the dtype once. Pieces start at multiples of `granularity` elements, of which `out`
/// has a whole number.
void fill_in_pieces(const at::Tensor& out, std::int64_t granularity, const WriteFloats& write);

}  // namespace austeer
