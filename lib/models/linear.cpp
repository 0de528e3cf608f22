#include "models/linear.hpp"

#include <ATen/cpu/Utils.h>

namespace austeer {
namespace {

// Below this many rows, reading the weight dominates, and reading it in half precision is cheaper
// than widening it first.
constexpr std::int64_t fewest_rows_to_widen = 8;

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
  if (!widen) return at::linear(x, weight, bias);
  const at::Tensor wide_bias = bias.defined() ? bias.to(at::kFloat) : bias;
  return at::linear(x.to(at::kFloat), weight.to(at::kFloat), wide_bias).to(x.scalar_type());
}

}  // namespace austeer
