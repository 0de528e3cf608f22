#pragma once
// A linear layer, y = x W^T + b, computed the fastest way that the processor has for its dtype and
// for the number of rows.

#include <ATen/ATen.h>
#include <functional>
#include <memory>

#include "tensors/packed_matrix.hpp"

namespace austeer {

/// Weight [out, in], as it is or packed, and optional bias [out].
struct Linear {
  at::Tensor weight;  ///< undefined where `packed` is set
  at::Tensor bias;    ///< undefined where there is none
  std::shared_ptr<const PackedMatrix> packed = nullptr;

  /// x [rows, in] → [rows, out], in x's dtype.
  ///
  /// Multiplies with the weight rounded to x's dtype, for any number of rows and on any device. A
  /// weight that the CPU does not multiply as it is (packed, of another dtype than x, or bf16 and
  /// fp16 without matrix instructions for them) is rounded and widened block of rows by block of
  /// rows, in buffers that are kept. Products are then taken in float32 and rounded once: the same
  /// numbers but for the order of sums, since half-precision kernels accumulate in float32 too.
  at::Tensor operator()(const at::Tensor& x) const;

  /// Replaces each tensor that holds it by what `change` makes of it.
  void transform(const std::function<at::Tensor(const at::Tensor&)>& change);
};

/// Whether the CPU multiplies matrices of `dtype` natively (AVX512-BF16, AMX, AVX512-FP16).
bool cpu_multiplies(at::ScalarType dtype);

}  // namespace austeer
