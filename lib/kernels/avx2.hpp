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

// Exponential and hyperbolic tangent of eight numbers at a time. Range reductions and polynomials
// are those of Cephes (expf, tanhf). Results are the same in whichever lane a number stands.

/// e^x to about one unit in the last place; 0 below −86.9 (where e^x is less than 2e-38), infinity
/// where float32 overflows, NaN for NaN.
AUSTEER_AVX2 inline __m256 exp_of(__m256 x) {
  const __m256 least = _mm256_set1_ps(-86.9F);
  // The minimum with a NaN is its second operand.
  const __m256 limited = _mm256_min_ps(_mm256_set1_ps(89.0F), x);
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(limited, _mm256_set1_ps(1.44269504F)),
                                   _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // r = x − n ln 2, with ln 2 in two parts so that n times the first is exact.
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375F), limited);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4F), r);
  __m256 p = _mm256_set1_ps(1.9875691500e-4F);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3F));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3F));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2F));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1F));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1F));
  p = _mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r);
  p = _mm256_add_ps(p, _mm256_set1_ps(1.0F));
  // 2^n in two factors, since n = 128 occurs: 2^(n - 1), made of its exponent, and 2.
  const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(126));
  const __m256 power = _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
  const __m256 result = _mm256_mul_ps(_mm256_mul_ps(p, _mm256_set1_ps(2.0F)), power);
  return _mm256_andnot_ps(_mm256_cmp_ps(x, least, _CMP_LT_OQ), result);
}

/// tanh x to about two units in the last place.
AUSTEER_AVX2 inline __m256 tanh_of(__m256 x) {
  const __m256 sign = _mm256_set1_ps(-0.0F);
  const __m256 size = _mm256_andnot_ps(sign, x);
  const __m256 one = _mm256_set1_ps(1.0F);
  // From 0.625 on 1 − 2 / (e^2x + 1); before, where that cancels, a polynomial.
  const __m256 power = exp_of(_mm256_add_ps(size, size));
  const __m256 large =
      _mm256_sub_ps(one, _mm256_div_ps(_mm256_set1_ps(2.0F), _mm256_add_ps(power, one)));
  const __m256 square = _mm256_mul_ps(x, x);
  __m256 p = _mm256_set1_ps(-5.70498872745e-3F);
  p = _mm256_fmadd_ps(p, square, _mm256_set1_ps(2.06390887954e-2F));
  p = _mm256_fmadd_ps(p, square, _mm256_set1_ps(-5.37397155531e-2F));
  p = _mm256_fmadd_ps(p, square, _mm256_set1_ps(1.33314422036e-1F));
  p = _mm256_fmadd_ps(p, square, _mm256_set1_ps(-3.33332819422e-1F));
  const __m256 small = _mm256_fmadd_ps(_mm256_mul_ps(p, square), size, size);
  const __m256 is_small = _mm256_cmp_ps(size, _mm256_set1_ps(0.625F), _CMP_LT_OQ);
  return _mm256_or_ps(_mm256_blendv_ps(large, small, is_small), _mm256_and_ps(sign, x));
}

/// All bits set in the first `count` lanes, none in the others; `count` at most 8.
AUSTEER_AVX2 inline __m256 first_lanes(std::int64_t count) {
  const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), index));
}

}  // namespace austeer

#endif
