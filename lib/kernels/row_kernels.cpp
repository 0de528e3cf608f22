#include "kernels/row_kernels.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <cmath>

#include "kernels/avx2.hpp"
#include "kernels/row_product.hpp"

namespace austeer {
namespace {

// Numbers below which a second thread costs more than it helps.
constexpr std::int64_t fewest_numbers_for_thread = std::int64_t{1} << 15;

/// Calls `part(begin, end)` with all of [0, count) in parts that are worth a thread, where one of
/// the `count` is `numbers` numbers.
template <typename Part>
void share_out(std::int64_t count, std::int64_t numbers, const Part& part) {
  at::parallel_for(0, count, 1 + fewest_numbers_for_thread / numbers, part);
}

void silu_plainly(float* gate, const float* up, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
}

}  // namespace

template <typename Number>
void norm_rows(const Number* x, const Number* weight, std::int64_t rows, std::int64_t width,
               float epsilon, Number* out) {
  share_out(rows, width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Number* const from = x + row * width;
      Number* const to = out + row * width;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (std::int64_t i = 0; i < width; ++i) {
        const auto value = static_cast<float>(from[i]);
        sum += value * value;
      }
      const float scale = 1 / std::sqrt(sum / static_cast<float>(width) + epsilon);
#pragma omp simd
      for (std::int64_t i = 0; i < width; ++i) {
        const auto normed = static_cast<Number>(static_cast<float>(from[i]) * scale);
        to[i] = static_cast<Number>(static_cast<float>(normed) * static_cast<float>(weight[i]));
      }
    }
  });
}

template <typename Number>
void rotate_rows(Number* x, const float* cos, const float* sin, std::int64_t rows,
                 std::int64_t heads, std::int64_t head_dim) {
  const std::int64_t half = head_dim / 2;
  share_out(rows, heads * head_dim, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* const c = cos + row * half;
      const float* const s = sin + row * half;
      for (std::int64_t head = 0; head < heads; ++head) {
        Number* const first = x + (row * heads + head) * head_dim;
        Number* const second = first + half;
#pragma omp simd
        for (std::int64_t i = 0; i < half; ++i) {
          const auto a = static_cast<float>(first[i]);
          const auto b = static_cast<float>(second[i]);
          first[i] = static_cast<Number>(a * c[i] - b * s[i]);
          second[i] = static_cast<Number>(b * c[i] + a * s[i]);
        }
      }
    }
  });
}

template void norm_rows(const float*, const float*, std::int64_t, std::int64_t, float, float*);
template void norm_rows(const c10::BFloat16*, const c10::BFloat16*, std::int64_t, std::int64_t,
                        float, c10::BFloat16*);
template void rotate_rows(float*, const float*, const float*, std::int64_t, std::int64_t,
                          std::int64_t);
template void rotate_rows(c10::BFloat16*, const float*, const float*, std::int64_t, std::int64_t,
                          std::int64_t);

void multiply_silu_plainly(float* gate, const float* up, std::int64_t count) {
  share_out(count, 1, [&](std::int64_t begin, std::int64_t end) {
    silu_plainly(gate + begin, up + begin, end - begin);
  });
}

#if defined(__x86_64__)

namespace {

AUSTEER_AVX2 void silu_by_lanes(float* gate, const float* up, std::int64_t count) {
  const __m256 one = _mm256_set1_ps(1.0F);
  const auto product = [&](__m256 x, __m256 factor) AUSTEER_AVX2 {
    const __m256 power = exp_of(_mm256_sub_ps(_mm256_setzero_ps(), x));
    return _mm256_mul_ps(_mm256_div_ps(x, _mm256_add_ps(one, power)), factor);
  };
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    _mm256_storeu_ps(gate + i, product(_mm256_loadu_ps(gate + i), _mm256_loadu_ps(up + i)));
  }
  // The rest takes the same way, so that results do not depend on where a thread's part ends.
  for (; i < count; ++i) {
    gate[i] = _mm256_cvtss_f32(product(_mm256_set1_ps(gate[i]), _mm256_set1_ps(up[i])));
  }
}

}  // namespace

void multiply_silu(float* gate, const float* up, std::int64_t count) {
  if (!multiplies_rows()) return multiply_silu_plainly(gate, up, count);
  share_out(count, 1, [&](std::int64_t begin, std::int64_t end) {
    silu_by_lanes(gate + begin, up + begin, end - begin);
  });
}

#else

void multiply_silu(float* gate, const float* up, std::int64_t count) {
  multiply_silu_plainly(gate, up, count);
}

#endif

}  // namespace austeer
