#pragma once
// Products of few rows with a matrix. Decoding multiplies one to some dozen rows with every weight;
// libraries for large matrices rearrange their operands first, which there costs more than the
// product.

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <cstdint>

namespace austeer {

/// The operands of y = x W^T, all of them row by row. Weight: float, c10::BFloat16 or c10::Half,
/// which are widened on the way; the product is taken in float32.
template <typename Weight>
struct RowProduct {
  const float* x;  ///< [rows, in]
  std::int64_t rows;
  const Weight* weight;  ///< [out, in]
  std::int64_t out;
  std::int64_t in;
  float* y;               ///< [rows, out], its rows y_stride apart
  std::int64_t y_stride;  ///< at least `out`
};

/// Whether this processor has the instructions that multiply_rows uses (AVX2, FMA).
bool multiplies_rows();

/// Computes the product on the calling thread. A row's result depends neither on which other rows
/// there are nor on the type of the same weights. Only where multiplies_rows().
template <typename Weight>
void multiply_rows(const RowProduct<Weight>& product);

/// The same product said plainly, for any processor; it sums in another order.
template <typename Weight>
void multiply_rows_plainly(const RowProduct<Weight>& product);

/// Writes `count` numbers as float32. Only where multiplies_rows().
template <typename Weight>
void widen(const Weight* in, std::int64_t count, float* out);

/// Rounds `count` numbers to the nearest of bfloat16, to even at ties. Only where
/// multiplies_rows().
void round_to_bfloat16(float* values, std::int64_t count);

/// Rounds `count` numbers to the nearest of float16, to even at ties. Only where multiplies_rows().
void round_to_half(float* values, std::int64_t count);

}  // namespace austeer
