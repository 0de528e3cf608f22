#pragma once
// The loops behind quantised.hpp's table, one per block format: `blocks` whole blocks at `in`,
// which may be misaligned, become float32 at `out`. Each multiplies and adds in the order of the
// gguf package's dequantisation, so that the results are equal bit for bit.

#include <c10/util/Half.h>  // fp16_ieee_to_fp32_value
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace austeer::quantised {

template <typename T>
T load(const std::byte* in) {
  T value;
  std::memcpy(&value, in, sizeof(T));
  return value;
}

inline float load_half(const std::byte* in) {
  return c10::detail::fp16_ieee_to_fp32_value(load<std::uint16_t>(in));
}

// __restrict: bytes may alias anything, and the compiler would not vectorise the loops.

constexpr std::int64_t small_block = 32;  ///< elements of a block
void q8_0(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out);
void q4_0(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out);
void q4_1(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out);
void q5_0(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out);
void q5_1(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out);

constexpr std::int64_t super_block = 256;  ///< elements of a block with scales of its parts
void q4_k(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out);
void q5_k(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out);
void q6_k(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out);

}  // namespace austeer::quantised
