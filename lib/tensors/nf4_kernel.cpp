#include "tensors/nf4_kernel.hpp"

#include <algorithm>
#include <array>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace austeer {
namespace {

/// The sixteen numbers, and byte `plane` of each of them side by side, in the order of memory.
struct Table {
  explicit Table(const float* map) {
    std::copy_n(map, 16, numbers.begin());
    for (std::size_t i = 0; i < 16; ++i) {
      const auto bytes = std::bit_cast<std::array<std::uint8_t, 4>>(map[i]);
      for (std::size_t plane = 0; plane < 4; ++plane) planes[plane][i] = bytes[plane];
    }
  }
  std::array<float, 16> numbers;
  std::array<std::array<std::uint8_t, 16>, 4> planes;
};

/// Writes `count` elements, the first of them the upper half of `packed`'s first byte.
void plain_elements(const std::uint8_t* packed, std::int64_t count, const Table& table, float scale,
                    float* out) {
  std::int64_t i = 0;
  for (; i + 2 <= count; i += 2, ++packed) {
    out[i] = table.numbers[*packed >> 4] * scale;
    out[i + 1] = table.numbers[*packed & 15] * scale;
  }
  if (i < count) out[i] = table.numbers[*packed >> 4] * scale;
}

#if defined(__x86_64__)

#define AUSTEER_AVX2 __attribute__((target("avx2")))

AUSTEER_AVX2 inline __m256i twice(const std::array<std::uint8_t, 16>& bytes) {
  return _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data())));
}

AUSTEER_AVX2 inline __m256 scaled(__m256i bits, __m256 scale) {
  return _mm256_mul_ps(_mm256_castsi256_ps(bits), scale);
}

/// plain_elements, 32 at a time: bytes are shuffled by the 4-bit names, once for each of the four
/// bytes of a float, and then woven together.
AUSTEER_AVX2 void shuffled_elements(const std::uint8_t* packed, std::int64_t count,
                                    const Table& table, float scale, float* out) {
  const __m256i low_bits = _mm256_set1_epi16(0x0f0f);
  const __m256 factor = _mm256_set1_ps(scale);
  std::int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i pairs =
        _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(packed + i / 2)));
    const __m256i names = _mm256_and_si256(
        _mm256_or_si256(_mm256_srli_epi16(pairs, 4), _mm256_slli_epi16(pairs, 8)), low_bits);
    const __m256i byte0 = _mm256_shuffle_epi8(twice(table.planes[0]), names);
    const __m256i byte1 = _mm256_shuffle_epi8(twice(table.planes[1]), names);
    const __m256i byte2 = _mm256_shuffle_epi8(twice(table.planes[2]), names);
    const __m256i byte3 = _mm256_shuffle_epi8(twice(table.planes[3]), names);
    // Weaving stays within lanes of 128 bits: the lower one holds elements 0 to 15.
    const __m256i low01 = _mm256_unpacklo_epi8(byte0, byte1);
    const __m256i high01 = _mm256_unpackhi_epi8(byte0, byte1);
    const __m256i low23 = _mm256_unpacklo_epi8(byte2, byte3);
    const __m256i high23 = _mm256_unpackhi_epi8(byte2, byte3);
    const __m256 first = scaled(_mm256_unpacklo_epi16(low01, low23), factor);
    const __m256 second = scaled(_mm256_unpackhi_epi16(low01, low23), factor);
    const __m256 third = scaled(_mm256_unpacklo_epi16(high01, high23), factor);
    const __m256 fourth = scaled(_mm256_unpackhi_epi16(high01, high23), factor);
    _mm256_storeu_ps(out + i, _mm256_permute2f128_ps(first, second, 0x20));
    _mm256_storeu_ps(out + i + 8, _mm256_permute2f128_ps(third, fourth, 0x20));
    _mm256_storeu_ps(out + i + 16, _mm256_permute2f128_ps(first, second, 0x31));
    _mm256_storeu_ps(out + i + 24, _mm256_permute2f128_ps(third, fourth, 0x31));
  }
  // Before a tail call the compiler leaves it out, and code with SSE then runs many times slower.
  _mm256_zeroupper();
  plain_elements(packed + i / 2, count - i, table, scale, out + i);
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

/// The scales of blocks, without the checks that tensors make on every access.
class Scales {
 public:
  explicit Scales(const Nf4Weights& weights)
      : nested_block_(weights.nested_block), offset_(weights.nested_offset) {
    if (weights.nested) {
      names_ = weights.scales.const_data_ptr<std::uint8_t>();
      map_ = weights.nested_map.const_data_ptr<float>();
      scales_ = weights.nested_scales.const_data_ptr<float>();
    } else {
      scales_ = weights.scales.const_data_ptr<float>();
    }
  }

  float operator[](std::int64_t block) const {
    if (names_ == nullptr) return scales_[block];
    const float product = map_[names_[block]] * scales_[block / nested_block_];
    return product + offset_;
  }

 private:
  const std::uint8_t* names_ = nullptr;  // of nested scales
  const float* map_ = nullptr;
  const float* scales_ = nullptr;
  std::int64_t nested_block_;
  float offset_;
};

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
  const Scales scales(weights);
  const Table table(weights.map.const_data_ptr<float>());
  const Elements elements = fastest_elements();
  for (std::int64_t i = begin; i < end;) {
    const std::int64_t block = i / weights.block;
    const std::int64_t stop = std::min(end, (block + 1) * weights.block);
    const float scale = scales[block];
    if (i % 2 != 0) {
      *out++ = table.numbers[packed[i / 2] & 15] * scale;
      ++i;
    }
    elements(packed + i / 2, stop - i, table, scale, out);
    out += stop - i;
    i = stop;
  }
}

}  // namespace austeer
