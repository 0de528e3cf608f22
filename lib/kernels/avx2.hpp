#pragma once
// What the kernels with vector instructions of x86-64 share. The program is built for any such
// processor: a function marked AUSTEER_AVX2 runs only after a look at what this one has
// (multiplies_rows()).

#if defined(__x86_64__)

#include <cstdint>
#include <immintrin.h>

#define AUSTEER_AVX2 __attribute__((target("avx2,fma,f16c")))

namespace austeer {

constexpr std::int64_t lanes = 8;  // float32 numbers of one register

AUSTEER_AVX2 inline float sum_of(__m256 x) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  sum = _mm_hadd_ps(sum, sum);
  return _mm_cvtss_f32(_mm_hadd_ps(sum, sum));
}

}  // namespace austeer

#endif
