#include "kernels/row_product.hpp"

#include <algorithm>

#include "kernels/avx2.hpp"

namespace austeer {

template <typename Weight>
void multiply_rows_plainly(const RowProduct<Weight>& product) {
  for (std::int64_t row = 0; row < product.rows; ++row) {
    for (std::int64_t o = 0; o < product.out; ++o) {
      float sum = 0;
      for (std::int64_t k = 0; k < product.in; ++k) {
        sum += product.x[row * product.in + k] *
               static_cast<float>(product.weight[o * product.in + k]);
      }
      product.y[row * product.y_stride + o] = sum;
    }
  }
}

template void multiply_rows_plainly(const RowProduct<float>&);
template void multiply_rows_plainly(const RowProduct<c10::BFloat16>&);
template void multiply_rows_plainly(const RowProduct<c10::Half>&);

#if defined(__x86_64__)

namespace {

// Eight numbers as float32.
AUSTEER_AVX2 inline __m256 eight_of(const float* numbers) { return _mm256_loadu_ps(numbers); }
AUSTEER_AVX2 inline __m256 eight_of(const c10::BFloat16* numbers) {
  const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(numbers));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}
AUSTEER_AVX2 inline __m256 eight_of(const c10::Half* numbers) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(numbers)));
}

// Columns that are multiplied at a time: four rows of the weight then stay in the 32 KiB of the
// innermost cache while all rows of x pass.
constexpr std::int64_t chunk = 1024;

constexpr int weight_tile = 4;
constexpr int row_tile = 3;  // 4 × 3 sums, 3 rows of x and 1 of the weight fill the 16 registers

/// W rows of the weight times X rows of x over `columns` columns; added to y unless `first`. The
/// pointers are at the tile's first row and column, rows of x and the weight are `stride` apart.
template <int W, int X, typename Weight>
AUSTEER_AVX2 inline void multiply_tile(const float* x, const Weight* weight, std::int64_t stride,
                                       std::int64_t columns, float* y, std::int64_t y_stride,
                                       bool first) {
  __m256 sums[W][X];
#pragma GCC unroll 4
  for (int w = 0; w < W; ++w) {
#pragma GCC unroll 4
    for (int r = 0; r < X; ++r) sums[w][r] = _mm256_setzero_ps();
  }
  std::int64_t k = 0;
  for (; k + lanes <= columns; k += lanes) {
    if constexpr (X < row_tile) {  // bound by memory: the next rows of the weight come early
      for (int w = 0; w < W; ++w) {
        _mm_prefetch(reinterpret_cast<const char*>(weight + (w + W) * stride + k), _MM_HINT_T0);
      }
    }
    __m256 of_x[X];
#pragma GCC unroll 4
    for (int r = 0; r < X; ++r) of_x[r] = _mm256_loadu_ps(x + r * stride + k);
#pragma GCC unroll 4
    for (int w = 0; w < W; ++w) {
      const __m256 of_weight = eight_of(weight + w * stride + k);
#pragma GCC unroll 4
      for (int r = 0; r < X; ++r) sums[w][r] = _mm256_fmadd_ps(of_weight, of_x[r], sums[w][r]);
    }
  }
  for (int w = 0; w < W; ++w) {
    for (int r = 0; r < X; ++r) {
      float sum = sum_of(sums[w][r]);
      for (std::int64_t rest = k; rest < columns; ++rest) {
        sum += static_cast<float>(weight[w * stride + rest]) * x[r * stride + rest];
      }
      float& result = y[r * y_stride + w];
      result = first ? sum : result + sum;
    }
  }
}

/// W rows of the weight, from row `o` on, times all rows of x, for one chunk of columns.
template <int W, typename Weight>
AUSTEER_AVX2 void multiply_strip(const RowProduct<Weight>& product, std::int64_t o,
                                 std::int64_t begin) {
  const std::int64_t columns = std::min(chunk, product.in - begin);
  const Weight* const weight = product.weight + o * product.in + begin;
  const auto tile = [&]<int X>(std::int64_t row) AUSTEER_AVX2 {
    multiply_tile<W, X>(product.x + row * product.in + begin, weight, product.in, columns,
                        product.y + row * product.y_stride + o, product.y_stride, begin == 0);
  };
  std::int64_t row = 0;
  for (; row + row_tile <= product.rows; row += row_tile) tile.template operator()<row_tile>(row);
  if (product.rows - row == 2) tile.template operator()<2>(row);
  if (product.rows - row == 1) tile.template operator()<1>(row);
}

template <typename Weight>
AUSTEER_AVX2 void widen_by_lanes(const Weight* in, std::int64_t count, float* out) {
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) _mm256_storeu_ps(out + i, eight_of(in + i));
  for (; i < count; ++i) out[i] = static_cast<float>(in[i]);
}

}  // namespace

bool multiplies_rows() {
  // Whatever has AVX2 also has F16C, which not every compiler can ask for.
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}

template <typename Weight>
void multiply_rows(const RowProduct<Weight>& product) {
  for (std::int64_t begin = 0; begin < product.in; begin += chunk) {
    std::int64_t o = 0;
    for (; o + weight_tile <= product.out; o += weight_tile) {
      multiply_strip<weight_tile>(product, o, begin);
    }
    for (; o < product.out; ++o) multiply_strip<1>(product, o, begin);
  }
}

template <typename Weight>
void widen(const Weight* in, std::int64_t count, float* out) {
  widen_by_lanes(in, count, out);
}

AUSTEER_AVX2 void round_to_bfloat16(float* values, std::int64_t count) {
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i below_half = _mm256_set1_epi32(0x7fff);
  const __m256i kept = _mm256_set1_epi32(static_cast<int>(0xffff0000));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const __m256 old = _mm256_loadu_ps(values + i);
    const __m256i bits = _mm256_castps_si256(old);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), one);
    const __m256i sum = _mm256_add_epi32(bits, _mm256_add_epi32(below_half, odd));
    const __m256 rounded = _mm256_castsi256_ps(_mm256_and_si256(sum, kept));
    // The sum may carry a NaN over to another number.
    const __m256 nan = _mm256_cmp_ps(old, old, _CMP_UNORD_Q);
    _mm256_storeu_ps(values + i, _mm256_blendv_ps(rounded, old, nan));
  }
  for (; i < count; ++i) values[i] = static_cast<float>(c10::BFloat16(values[i]));
}

AUSTEER_AVX2 void round_to_half(float* values, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const __m256 old = _mm256_loadu_ps(values + i);
    const __m128i halves = _mm256_cvtps_ph(old, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_storeu_ps(values + i, _mm256_cvtph_ps(halves));
  }
  for (; i < count; ++i) values[i] = static_cast<float>(c10::Half(values[i]));
}

#else

bool multiplies_rows() { return false; }

template <typename Weight>
void multiply_rows(const RowProduct<Weight>& product) {
  multiply_rows_plainly(product);
}

template <typename Weight>
void widen(const Weight* in, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(in[i]);
}

void round_to_bfloat16(float* values, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(c10::BFloat16(values[i]));
}

void round_to_half(float* values, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(c10::Half(values[i]));
}

#endif

template void multiply_rows(const RowProduct<float>&);
template void multiply_rows(const RowProduct<c10::BFloat16>&);
template void multiply_rows(const RowProduct<c10::Half>&);
template void widen(const float*, std::int64_t, float*);
template void widen(const c10::BFloat16*, std::int64_t, float*);
template void widen(const c10::Half*, std::int64_t, float*);

}  // namespace austeer
