#pragma once
// Products of few rows with a matrix. Decoding multiplies one to some dozen rows with every weight;
// libraries for large matrices rearrange their operands first, which there costs more than the
// product.

#include <cstdint>

namespace austeer {

/// The operands of y = x W^T in float32, all of them row by row.
struct RowProduct {
  const float* x;  ///< [rows, in]
  std::int64_t rows;
  const float* weight;  ///< [out, in]
  std::int64_t out;
  std::int64_t in;
  float* y;               ///< [rows, out], its rows y_stride apart
  std::int64_t y_stride;  ///< at least `out`
};

/// Whether this processor has the instructions that multiply_rows uses (AVX2, FMA).
bool multiplies_rows();

/// Computes the product on the calling thread. A row's result does not depend on which other rows
/// there are. Only where multiplies_rows().
void multiply_rows(const RowProduct& product);

/// The same product said plainly, for any processor; it sums in another order.
void multiply_rows_plainly(const RowProduct& product);

/// Widens `count` numbers of bfloat16 (the upper halves of float32). Only where multiplies_rows().
void widen_bfloat16(const std::uint16_t* in, std::int64_t count, float* out);

/// Widens `count` numbers of float16. Only where multiplies_rows().
void widen_half(const std::uint16_t* in, std::int64_t count, float* out);

/// Rounds `count` numbers to the nearest of bfloat16, to even at ties. Only where
/// multiplies_rows().
void round_to_bfloat16(float* values, std::int64_t count);

/// Rounds `count` numbers to the nearest of float16, to even at ties. Only where multiplies_rows().
void round_to_half(float* values, std::int64_t count);

}  // namespace austeer
