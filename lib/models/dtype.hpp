#pragma once
// Names of number formats and devices, as options and results spell them.

#include <ATen/ATen.h>
#include <optional>
#include <string>
#include <vector>

namespace austeer {

/// "float32", "bfloat16", "float16".
std::string dtype_name(at::ScalarType dtype);

/// The dtype called `name`; nothing for "auto". Throws UsageError with the nearest known one.
std::optional<at::ScalarType> parse_dtype(const std::string& name);

/// "cpu", "cuda", "cuda:1", or several that are no CPU: "cuda:0,cuda:1". Throws UsageError for what
/// libtorch does not know or the machine does not have, and for devices named twice.
std::vector<at::Device> parse_devices(const std::string& names);

// Which tensors the kernels of row_kernels take.

/// Whether `x` lies on the CPU, in `dtype`, row after row.
inline bool is_rows_of(at::ScalarType dtype, const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == dtype && x.is_contiguous();
}

inline bool is_float_rows(const at::Tensor& x) { return is_rows_of(at::kFloat, x); }

}  // namespace austeer
