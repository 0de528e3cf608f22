#include "tensors/quantised.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

#include "base/error.hpp"
#include "tensors/packed_matrix.hpp"
#include "tensors/quantised_blocks.hpp"

namespace austeer {
namespace {

void f32(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  std::memcpy(out, in, static_cast<std::size_t>(blocks) * sizeof(float));
}

void f16(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t i = 0; i < blocks; ++i) out[i] = quantised::load_half(in + 2 * i);
}

void bf16(const std::byte* __restrict in, std::int64_t blocks, float* __restrict out) {
  for (std::int64_t i = 0; i < blocks; ++i) {
    out[i] = c10::detail::f32_from_bits(quantised::load<std::uint16_t>(in + 2 * i));
  }
}

constexpr std::array<BlockFormat, 11> formats = {
    {{"F32", 0, 1, 4, f32, at::kFloat},
     {"F16", 1, 1, 2, f16, at::kHalf},
     {"BF16", 30, 1, 2, bf16, at::kBFloat16},
     {"Q8_0", 8, quantised::small_block, 34, quantised::q8_0},
     {"Q4_0", 2, quantised::small_block, 18, quantised::q4_0},
     {"Q4_1", 3, quantised::small_block, 20, quantised::q4_1},
     {"Q5_0", 6, quantised::small_block, 22, quantised::q5_0},
     {"Q5_1", 7, quantised::small_block, 24, quantised::q5_1},
     {"Q4_K", 12, quantised::super_block, 144, quantised::q4_k},
     {"Q5_K", 13, quantised::super_block, 176, quantised::q5_k},
     {"Q6_K", 14, quantised::super_block, 210, quantised::q6_k}}};

struct OtherFormat {
  std::uint32_t gguf_type;
  std::string_view name;
};

/// Formats that exist and are not read here, for the message.
constexpr OtherFormat other_formats[] = {
    {9, "Q8_1"},     {10, "Q2_K"},  {11, "Q3_K"},   {15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"},
    {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"},   {23, "IQ4_XS"},
    {24, "I8"},      {25, "I16"},   {26, "I32"},    {27, "I64"},   {28, "F64"},     {29, "IQ1_M"},
    {34, "TQ1_0"},   {35, "TQ2_0"}, {39, "MXFP4"}};

std::string other_name(std::uint32_t gguf_type) {
  for (const OtherFormat& other : other_formats) {
    if (other.gguf_type == gguf_type) return std::string(other.name);
  }
  return fmt::format("the tensor type {}", gguf_type);
}

}  // namespace

const BlockFormat& block_format(std::uint32_t gguf_type, const std::string& place) {
  std::string supported;
  for (const BlockFormat& format : formats) {
    if (format.gguf_type == gguf_type) return format;
    supported += fmt::format("{}{}", supported.empty() ? "" : ", ", format.name);
  }
  throw FormatError("gguf", fmt::format("{}: {} is not supported yet; supported: {}", place,
                                        other_name(gguf_type), supported));
}

void dequantise(const BlockFormat& format, std::span<const std::byte> blocks, at::Tensor& out) {
  fill_in_pieces(
      out, format.block_elements, [&](std::int64_t first, std::int64_t count, float* floats) {
        format.dequantise(blocks.data() + first / format.block_elements * format.block_bytes,
                          count / format.block_elements, floats);
      });
}

}  // namespace austeer
