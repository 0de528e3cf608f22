#pragma once
// Which tensors the kernels of row_kernels take.

#include <ATen/ATen.h>

namespace austeer {

/// Whether `x` lies on the CPU, in float32, row after row.
inline bool is_float_rows(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous();
}

}  // namespace austeer
