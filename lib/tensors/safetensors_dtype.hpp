#pragma once
// The dtypes of the safetensors format that have a counterpart here.

#include <ATen/ATen.h>
#include <string>
#include <string_view>

namespace austeer {

/// The dtype called `name` in a header. Throws FormatError, listing the supported ones; `place`
/// opens the message.
at::ScalarType safetensors_dtype(std::string_view name, const std::string& place);

/// The name of `dtype` in a header. Throws UsageError where the format has none here.
std::string_view safetensors_dtype_name(at::ScalarType dtype);

}  // namespace austeer
