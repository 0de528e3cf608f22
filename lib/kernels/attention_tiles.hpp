#pragma once
// The inner loops of run_attention: products of a few queries with a few keys, the softmax of one
// row, sums of values by weight. What is held in registers is as large as they allow.

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/avx2.hpp"

#if defined(__x86_64__)

namespace austeer {

constexpr int key_tile = 4;
constexpr int query_tile = 3;  // 4 × 3 sums, 3 of queries and 1 of a key fill the 16 registers

/// Vectors of float32, each filled up with zeros to whole registers, `stride` floats apart.
struct Vectors {
  const float* first;
  std::int64_t stride;
};

/// (a, b, c, d) summed over their lanes.
AUSTEER_AVX2 inline __m128 sums_of(__m256 a, __m256 b, __m256 c, __m256 d) {
  const __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
}

/// scores [X, 4] of X queries and four keys, all `width` floats wide.
template <int X>
AUSTEER_AVX2 inline void score_tile(const float* queries, std::int64_t width,
                                    const float* const (&keys)[key_tile], float* scores,
                                    std::int64_t stride) {
  __m256 sums[X][key_tile];
#pragma GCC unroll 4
  for (int r = 0; r < X; ++r) {
#pragma GCC unroll 4
    for (int k = 0; k < key_tile; ++k) sums[r][k] = _mm256_setzero_ps();
  }
  for (std::int64_t d = 0; d < width; d += lanes) {
    __m256 query[X];
#pragma GCC unroll 4
    for (int r = 0; r < X; ++r) query[r] = _mm256_loadu_ps(queries + r * width + d);
#pragma GCC unroll 4
    for (int k = 0; k < key_tile; ++k) {
      const __m256 key = _mm256_loadu_ps(keys[k] + d);
#pragma GCC unroll 4
      for (int r = 0; r < X; ++r) sums[r][k] = _mm256_fmadd_ps(query[r], key, sums[r][k]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < X; ++r) {
    _mm_storeu_ps(scores + r * stride, sums_of(sums[r][0], sums[r][1], sums[r][2], sums[r][3]));
  }
}

/// sums [X, 8 V] += weights [X, tokens] · values [tokens, 8 V], token after token.
template <int X, int V>
AUSTEER_AVX2 inline void add_tile(const float* weights, std::int64_t weights_stride, Vectors values,
                                  std::int64_t tokens, float* sums, std::int64_t width) {
  __m256 own[X][V];
#pragma GCC unroll 4
  for (int r = 0; r < X; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) own[r][v] = _mm256_loadu_ps(sums + r * width + v * lanes);
  }
  for (std::int64_t t = 0; t < tokens; ++t) {
    __m256 weight[X];
#pragma GCC unroll 4
    for (int r = 0; r < X; ++r) weight[r] = _mm256_broadcast_ss(weights + r * weights_stride + t);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const __m256 value = _mm256_loadu_ps(values.first + t * values.stride + v * lanes);
#pragma GCC unroll 4
      for (int r = 0; r < X; ++r) own[r][v] = _mm256_fmadd_ps(weight[r], value, own[r][v]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < X; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) _mm256_storeu_ps(sums + r * width + v * lanes, own[r][v]);
  }
}

/// Replaces scores by exp(score − largest), after the soft cap. Returns 1 / their sum. The floats
/// up to a whole register are overwritten.
AUSTEER_AVX2 inline float exponentials(float* scores, std::int64_t count, float softcap) {
  const __m256 nothing = _mm256_set1_ps(-std::numeric_limits<float>::infinity());
  __m256 largest = nothing;
  for (std::int64_t t = 0; t < count; t += lanes) {
    __m256 score = _mm256_loadu_ps(scores + t);
    if (softcap > 0) {
      const __m256 cap = _mm256_set1_ps(softcap);
      score = _mm256_mul_ps(cap, tanh_of(_mm256_div_ps(score, cap)));
      _mm256_storeu_ps(scores + t, score);
    }
    const __m256 own = first_lanes(std::min(lanes, count - t));
    largest = _mm256_max_ps(largest, _mm256_blendv_ps(nothing, score, own));
  }
  float of_lanes[lanes];
  _mm256_storeu_ps(of_lanes, largest);
  largest = _mm256_set1_ps(*std::max_element(of_lanes, of_lanes + lanes));
  __m256 sum = _mm256_setzero_ps();
  for (std::int64_t t = 0; t < count; t += lanes) {
    const __m256 weight = exp_of(_mm256_sub_ps(_mm256_loadu_ps(scores + t), largest));
    _mm256_storeu_ps(scores + t, weight);
    sum = _mm256_add_ps(sum, _mm256_and_ps(weight, first_lanes(std::min(lanes, count - t))));
  }
  return 1 / sum_of(sum);
}

/// Calls `tile` with the first row of each tile of rows and, as a type, how many it has.
template <typename Tile>
AUSTEER_AVX2 inline void for_each_row_tile(std::int64_t rows, const Tile& tile) {
  std::int64_t row = 0;
  for (; row + query_tile <= rows; row += query_tile) tile.template operator()<query_tile>(row);
  if (rows - row == 2) tile.template operator()<2>(row);
  if (rows - row == 1) tile.template operator()<1>(row);
}

}  // namespace austeer

#endif
