// Blocks of 32 elements: one scale, for some formats a minimum beside it, and integers of 4, 5 or 8
// bits.
#include <array>

#include "tensors/quantised_blocks.hpp"

namespace austeer::quantised {
namespace {

constexpr int half = small_block / 2;

/// 1 << i. The baseline instruction sets have no shift by a different count in each lane, but they
/// can test a different bit in each.
constexpr std::array<std::uint32_t, small_block> single_bits = [] {
  std::array<std::uint32_t, small_block> bits{};
  for (unsigned i = 0; i < small_block; ++i) bits[i] = 1U << i;
  return bits;
}();

/// 32 fifth bits, then 16 bytes of two lower halves each (low: elements 0 to 15, high: 16 to 31):
/// factor·(q - zero) + offset
template <int zero, bool with_offset>
void five_bits(const std::byte* __restrict in, float factor, float offset, float* __restrict out) {
  const auto fifth = load<std::uint32_t>(in);
  for (int i = 0; i < half; ++i) {
    const int pair = static_cast<int>(in[4 + i]);
    const int low = (pair & 15) | ((fifth & single_bits[i]) != 0 ? 16 : 0);
    const int high = pair >> 4 | ((fifth & single_bits[i + half]) != 0 ? 16 : 0);
    const float first = factor * static_cast<float>(low - zero);
    const float second = factor * static_cast<float>(high - zero);
    out[i] = with_offset ? first + offset : first;
    out[i + half] = with_offset ? second + offset : second;
  }
}

}  // namespace

/// half d, 32 × int8 q: d·q
void q8_0(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t block = 0; block < blocks; ++block, in += 34, out += small_block) {
    const float d = load_half(in);
    for (int i = 0; i < small_block; ++i) {
      out[i] = d * static_cast<float>(static_cast<std::int8_t>(in[2 + i]));
    }
  }
}

/// half d, 16 bytes of two 4-bit q each (low: elements 0 to 15, high: 16 to 31): d·(q - 8)
void q4_0(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t block = 0; block < blocks; ++block, in += 18, out += small_block) {
    const float d = load_half(in);
    for (int i = 0; i < half; ++i) {
      const int pair = static_cast<int>(in[2 + i]);
      out[i] = d * static_cast<float>((pair & 15) - 8);
      out[i + half] = d * static_cast<float>((pair >> 4) - 8);
    }
  }
}

/// half d, half m, 16 bytes of two 4-bit q each as in q4_0: d·q + m
void q4_1(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t block = 0; block < blocks; ++block, in += 20, out += small_block) {
    const float d = load_half(in);
    const float m = load_half(in + 2);
    for (int i = 0; i < half; ++i) {
      const int pair = static_cast<int>(in[4 + i]);
      out[i] = d * static_cast<float>(pair & 15) + m;
      out[i + half] = d * static_cast<float>(pair >> 4) + m;
    }
  }
}

/// half d, 5-bit q: d·(q - 16)
void q5_0(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t block = 0; block < blocks; ++block, in += 22, out += small_block) {
    five_bits<16, false>(in + 2, load_half(in), 0, out);
  }
}

/// half d, half m, 5-bit q: d·q + m
void q5_1(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t block = 0; block < blocks; ++block, in += 24, out += small_block) {
    five_bits<0, true>(in + 4, load_half(in), load_half(in + 2), out);
  }
}

}  // namespace austeer::quantised
