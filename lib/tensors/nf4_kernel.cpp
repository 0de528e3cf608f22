#include "tensors/nf4_kernel.hpp"

#include <algorithm>
#include <array>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace austeer {
namespace {

/// Writes `count` elements, the first of them the upper half of `packed`'s first byte.
void plain_elements(const std::uint8_t* packed, std::int64_t count, const float* map, float scale,
                    float* out) {
  std::int64_t i = 0;
  for (; i + 2 <= count; i += 2, ++packed) {
    out[i] = map[*packed >> 4] * scale;
    out[i + 1] = map[*packed & 15] * scale;
  }
  if (i < count) out[i] = map[*packed >> 4] * scale;
}

#if defined(__x86_64__)

/// Sixteen bytes per lane that hold byte `plane` of each number of the map.
__attribute__((target("avx2"))) __m256i plane_of(const float* map, int plane) {
  std::array<std::uint8_t, 16> bytes;
  for (int i = 0; i < 16; ++i) {
    bytes[i] = static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(map[i]) >> (8 * plane));
  }
  return _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data())));
}

/// plain_elements, 32 at a time: bytes are shuffled by the 4-bit names, once for each of the four
/// bytes of a float, and then woven together.
__attribute__((target("avx2"))) void shuffled_elements(const std::uint8_t* packed,
                                                       std::int64_t count, const float* map,
                                                       float scale, float* out) {
  const __m256i planes[4] = {plane_of(map, 0), plane_of(map, 1), plane_of(map, 2),
                             plane_of(map, 3)};
  const __m256i low_bits = _mm256_set1_epi16(0x0f0f);
  const __m256 factor = _mm256_set1_ps(scale);
  std::int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i pairs =
        _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(packed + i / 2)));
    const __m256i names = _mm256_and_si256(
        _mm256_or_si256(_mm256_srli_epi16(pairs, 4), _mm256_slli_epi16(pairs, 8)), low_bits);
    const __m256i byte0 = _mm256_shuffle_epi8(planes[0], names);
    const __m256i byte1 = _mm256_shuffle_epi8(planes[1], names);
    const __m256i byte2 = _mm256_shuffle_epi8(planes[2], names);
    const __m256i byte3 = _mm256_shuffle_epi8(planes[3], names);
    // Weaving stays within lanes of 128 bits: the lower one holds elements 0 to 15.
    const __m256i low01 = _mm256_unpacklo_epi8(byte0, byte1);
    const __m256i high01 = _mm256_unpackhi_epi8(byte0, byte1);
    const __m256i low23 = _mm256_unpacklo_epi8(byte2, byte3);
    const __m256i high23 = _mm256_unpackhi_epi8(byte2, byte3);
    const auto scaled = [&](__m256i bits) __attribute__((target("avx2"))) {
      return _mm256_mul_ps(_mm256_castsi256_ps(bits), factor);
    };
    const __m256 quarters[4] = {scaled(_mm256_unpacklo_epi16(low01, low23)),
                                scaled(_mm256_unpackhi_epi16(low01, low23)),
                                scaled(_mm256_unpacklo_epi16(high01, high23)),
                                scaled(_mm256_unpackhi_epi16(high01, high23))};
    _mm256_storeu_ps(out + i, _mm256_permute2f128_ps(quarters[0], quarters[1], 0x20));
    _mm256_storeu_ps(out + i + 8, _mm256_permute2f128_ps(quarters[2], quarters[3], 0x20));
    _mm256_storeu_ps(out + i + 16, _mm256_permute2f128_ps(quarters[0], quarters[1], 0x31));
    _mm256_storeu_ps(out + i + 24, _mm256_permute2f128_ps(quarters[2], quarters[3], 0x31));
  }
  plain_elements(packed + i / 2, count - i, map, scale, out + i);
}

#endif

using Elements = decltype(&plain_elements);

/// The fastest of the above that this processor runs.
Elements fastest_elements() {
#if defined(__x86_64__)
  static const bool shuffles = __builtin_cpu_supports("avx2");
  if (shuffles) return shuffled_elements;
#endif
  return plain_elements;
}

float scale_of(const Nf4Weights& weights, std::int64_t block) {
  if (!weights.nested) return weights.scales.const_data_ptr<float>()[block];
  const std::uint8_t name = weights.scales.const_data_ptr<std::uint8_t>()[block];
  const float product = weights.nested_map.const_data_ptr<float>()[name] *
                        weights.nested_scales.const_data_ptr<float>()[block / weights.nested_block];
  return product + weights.nested_offset;
}

}  // namespace

at::Tensor dequantise_nf4(const Nf4Weights& weights, std::int64_t begin, std::int64_t end) {
  const std::int64_t first_block = begin / weights.block;
  const std::int64_t blocks = (end + weights.block - 1) / weights.block - first_block;
  const std::int64_t start = first_block * weights.block;

  at::Tensor scales = weights.scales.narrow(0, first_block, blocks);
  if (weights.nested) {
    const at::Tensor block =
        at::arange(first_block, first_block + blocks, scales.options().dtype(at::kLong));
    const at::Tensor of_block =
        weights.nested_scales.index_select(0, at::div(block, weights.nested_block, "floor"));
    scales = weights.nested_map.index_select(0, scales.to(at::kInt))
                 .mul_(of_block)
                 .add_(weights.nested_offset);
  }
  const at::Tensor bytes = weights.packed.narrow(0, start / 2, (end + 1) / 2 - start / 2);
  const at::Tensor names = at::stack({bytes.bitwise_right_shift(4), bytes.bitwise_and(15)}, 1);
  const at::Tensor values = weights.map.index_select(0, names.flatten().to(at::kInt))
                                .narrow(0, begin - start, end - begin);
  return values * scales.repeat_interleave(weights.block).narrow(0, begin - start, end - begin);
}

void dequantise_nf4(const Nf4Weights& weights, std::int64_t begin, std::int64_t end, float* out) {
  const std::uint8_t* packed = weights.packed.const_data_ptr<std::uint8_t>();
  const float* map = weights.map.const_data_ptr<float>();
  const Elements elements = fastest_elements();
  for (std::int64_t i = begin; i < end;) {
    const std::int64_t block = i / weights.block;
    const std::int64_t stop = std::min(end, (block + 1) * weights.block);
    const float scale = scale_of(weights, block);
    if (i % 2 != 0) {
      *out++ = map[packed[i / 2] & 15] * scale;
      ++i;
    }
    elements(packed + i / 2, stop - i, map, scale, out);
    out += stop - i;
    i = stop;
  }
}

}  // namespace austeer
