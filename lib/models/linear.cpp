#include "models/linear.hpp"

#include <ATen/cpu/Utils.h>
#include <algorithm>
#include <string>

namespace austeer {
namespace {

// Below this many rows, reading the weight dominates, and reading it in half precision is cheaper
// than widening it first.
constexpr std::int64_t fewest_rows_to_widen = 8;

// Most elements of a weight that are widened at a time (64 MiB): an unembedding matrix can be as
// large as all layers of a small model.
constexpr std::int64_t most_widened = std::int64_t{1} << 24;

/// x W^T + b in float32, rounded to the dtype of `x`, the weight widened block by block.
at::Tensor widened_linear(const at::Tensor& x, const Linear& linear) {
  const std::int64_t out = linear.weight.size(0);
  const std::int64_t block = std::max<std::int64_t>(1, most_widened / linear.weight.size(1));
  const at::Tensor wide = x.to(at::kFloat);
  at::Tensor result = at::empty({x.size(0), out}, x.options());
  for (std::int64_t first = 0; first < out; first += block) {
    const std::int64_t count = std::min(block, out - first);
    const at::Tensor weight = linear.weight.narrow(0, first, count).to(at::kFloat);
    const at::Tensor bias =
        linear.bias.defined() ? linear.bias.narrow(0, first, count).to(at::kFloat) : at::Tensor();
    result.narrow(1, first, count).copy_(at::linear(wide, weight, bias));
  }
  return result;
}

}  // namespace

bool cpu_multiplies(at::ScalarType dtype) {
  static const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [](const std::string& name) {
    const auto found = capabilities.find(name);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
  static const bool bfloat16 = has("avx512_bf16") || has("amx_bf16");
  static const bool half = has("avx512_fp16") || has("amx_fp16");
  return dtype == at::kBFloat16 ? bfloat16 : dtype == at::kHalf ? half : true;
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  const bool widen = x.device().is_cpu() && x.size(0) >= fewest_rows_to_widen &&
                     !cpu_multiplies(weight.scalar_type());
  return widen ? widened_linear(x, *this) : at::linear(x, weight, bias);
}

}  // namespace austeer
