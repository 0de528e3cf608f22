#pragma once
// NF4: sixteen numbers between -1 and 1, named by 4 bits each, and a scale per block of elements.
// The scales may be quantised themselves: 8 bits that name one of 256 numbers, times a scale per
// block of scales, plus one offset.

#include <ATen/ATen.h>
#include <cstdint>

namespace austeer {

/// The parts of a matrix in NF4, all of them contiguous. Blocks run over the ends of rows.
struct Nf4Weights {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  at::Tensor packed;  ///< uint8: elements 2i (upper four bits) and 2i + 1 in byte i
  at::Tensor map;     ///< float32 [16]
  at::Tensor scales;  ///< float32, or uint8 where nested, one for each block
  std::int64_t block = 0;

  bool nested = false;
  at::Tensor nested_map;          ///< float32 [256]
  at::Tensor nested_scales;       ///< float32, one for each nested_block scales
  std::int64_t nested_block = 0;  ///< scales in a block
  float nested_offset = 0;
};

/// The elements [begin, end) of a matrix on any device, counted row by row, as float32. Every value
/// is map × scale; a nested scale is map × scale + offset. Each operation rounds once.
at::Tensor dequantise_nf4(const Nf4Weights& weights, std::int64_t begin, std::int64_t end);

/// The same elements of a matrix on the CPU, bit for bit, to `out`, on the calling thread.
void dequantise_nf4(const Nf4Weights& weights, std::int64_t begin, std::int64_t end, float* out);

}  // namespace austeer
