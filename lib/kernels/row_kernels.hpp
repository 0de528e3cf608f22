#pragma once
// What a layer does to each row between its products, in one pass over memory where a chain of
// tensor operations makes several. Rows are shared out among the threads; results do not depend on
// how many there are.

#include <c10/util/BFloat16.h>
#include <cstdint>

namespace austeer {

/// Writes weight · x / sqrt(mean(x²) + epsilon) of each row to `out`: x and out [rows, width],
/// weight [width]. Number: float or c10::BFloat16, to which the quotient is rounded before it is
/// multiplied, as transformers does.
template <typename Number>
void norm_rows(const Number* x, const Number* weight, std::int64_t rows, std::int64_t width,
               float epsilon, Number* out);

/// Turns the pairs (i, i + head_dim / 2) of x [rows, heads, head_dim] in place by the angles whose
/// cosines and sines are [rows, head_dim / 2]. To the bit what apply_rope makes of them by tensor
/// operations. Number: float or c10::BFloat16.
template <typename Number>
void rotate_rows(Number* x, const float* cos, const float* sin, std::int64_t rows,
                 std::int64_t heads, std::int64_t head_dim);

/// gate = silu(gate) · up for `count` numbers, silu(x) = x / (1 + e^−x). Uses AVX2 and FMA where
/// the processor has them.
void multiply_silu(float* gate, const float* up, std::int64_t count);

/// The same said plainly, for any processor.
void multiply_silu_plainly(float* gate, const float* up, std::int64_t count);

}  // namespace austeer
