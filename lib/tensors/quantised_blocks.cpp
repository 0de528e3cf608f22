#include "tensors/quantised_blocks.hpp"

#include <array>

namespace austeer::quantised {

// Blocks of 32 elements: one scale, for some formats a minimum beside it, and integers of 4, 5 or 8
// bits.

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

// The K formats: blocks of 256 elements, whose parts have integer scales of their own, to be
// multiplied by the block's.

namespace {

constexpr int part = 32;  // elements that share a scale and a minimum in q4_k and q5_k
constexpr int parts = 8;

struct PartScales {
  float scale[parts];
  float minimum[parts];
};

/// What q4_k and q5_k open with: half d, half dmin, then twelve bytes that hold 6-bit numbers s and
/// m for each part, whose scale is d·s and minimum dmin·m. The first four s are the low bits of
/// bytes 0 to 3, the first four m of bytes 4 to 7; of the others the low halves are in bytes 8 to
/// 11 (s low, m high) and the high bits on top of the first four.
PartScales read_part_scales(const std::byte* in) {
  const float d = load_half(in);
  const float dmin = load_half(in + 2);
  PartScales result{};
  for (int i = 0; i < 4; ++i) {
    const auto s = static_cast<int>(in[4 + i]);
    const auto m = static_cast<int>(in[8 + i]);
    const auto others = static_cast<int>(in[12 + i]);
    result.scale[i] = d * static_cast<float>(s & 63);
    result.minimum[i] = dmin * static_cast<float>(m & 63);
    result.scale[4 + i] = d * static_cast<float>((others & 15) | s >> 6 << 4);
    result.minimum[4 + i] = dmin * static_cast<float>(others >> 4 | m >> 6 << 4);
  }
  return result;
}

}  // namespace

/// Scales, then 32 bytes of 4-bit q for each two parts (low halves: the first): scale·q - minimum
void q4_k(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t block = 0; block < blocks; ++block, in += 144) {
    const PartScales scales = read_part_scales(in);
    for (int p = 0; p < parts; ++p, out += part) {
      const std::byte* low = in + 16 + p / 2 * part;
      const int shift = p % 2 * 4;
      const float scale = scales.scale[p], minimum = scales.minimum[p];
      for (int i = 0; i < part; ++i) {
        out[i] = scale * static_cast<float>(static_cast<int>(low[i]) >> shift & 15) - minimum;
      }
    }
  }
}

/// As q4_k, with 32 bytes between: bit p of byte i is the fifth bit of element i of part p.
void q5_k(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t block = 0; block < blocks; ++block, in += 176) {
    const PartScales scales = read_part_scales(in);
    const std::byte* fifth = in + 16;
    for (int p = 0; p < parts; ++p, out += part) {
      const std::byte* low = in + 48 + p / 2 * part;
      const int shift = p % 2 * 4;
      const float scale = scales.scale[p], minimum = scales.minimum[p];
      for (int i = 0; i < part; ++i) {
        const int q =
            (static_cast<int>(low[i]) >> shift & 15) | (static_cast<int>(fifth[i]) >> p & 1) << 4;
        out[i] = scale * static_cast<float>(q) - minimum;
      }
    }
  }
}

/// 128 bytes of the low four bits, 64 of the high two, 16 × int8 scale s of 16 elements each, half
/// d: d·s·(q - 32). A half of the block has four rows of 32 elements: rows 0 and 1 in the low
/// halves of its 64 low bytes, 2 and 3 in the high halves; row r's high bits in bits 2r of 32 high
/// bytes.
void q6_k(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t block = 0; block < blocks; ++block, in += 210) {
    const float d = load_half(in + 208);
    for (int row = 0; row < 8; ++row) {
      const int in_half = row % 4;
      const std::byte* low = in + row / 4 * 64 + in_half % 2 * part;
      const std::byte* high = in + 128 + row / 4 * part;
      const std::byte* scale = in + 192 + 2 * row;
      const int low_shift = in_half / 2 * 4, high_shift = 2 * in_half;
      for (int group = 0; group < 2; ++group, low += 16, high += 16, out += 16) {
        const float s = d * static_cast<float>(static_cast<std::int8_t>(scale[group]));
        for (int i = 0; i < 16; ++i) {
          const int q = (static_cast<int>(low[i]) >> low_shift & 15) |
                        (static_cast<int>(high[i]) >> high_shift & 3) << 4;
          out[i] = s * static_cast<float>(q - 32);
        }
      }
    }
  }
}

}  // namespace austeer::quantised
