#pragma once
// A linear layer, y = x W^T + b, computed the fastest way that the processor has for its dtype.

#include <ATen/ATen.h>

namespace austeer {

/// Weight [out, in] and optional bias [out].
struct Linear {
  at::Tensor weight;
  at::Tensor bias;  ///< undefined where there is none

  /// x [rows, in] → [rows, out], in x's dtype.
  ///
  /// bf16 and fp16 on a CPU without matrix instructions for them would run on a scalar path, an
  /// order of magnitude below fp32. There, from a few rows on, the weight is widened and the
  /// product is taken in float32 and rounded once: the same numbers, since half-precision kernels
  /// accumulate in float32 too.
  at::Tensor operator()(const at::Tensor& x) const;
};

/// Whether the CPU multiplies matrices of `dtype` natively (AVX512-BF16, AMX, AVX512-FP16).
bool cpu_multiplies(at::ScalarType dtype);

}  // namespace austeer
