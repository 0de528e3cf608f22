#pragma once
// Which tensors the kernels of row_kernels take.

#include <ATen/ATen.h>

namespace austeer {

/// Whether `x` lies on the CPU, in `dtype`, row after row.
inline bool is_rows_of(at::ScalarType dtype, const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == dtype && x.is_contiguous();
}

inline bool is_float_rows(const at::Tensor& x) { return is_rows_of(at::kFloat, x); }

}  // namespace austeer
