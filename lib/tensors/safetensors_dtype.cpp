#include "tensors/safetensors_dtype.hpp"

#include <array>
#include <fmt/format.h>

#include "base/error.hpp"

namespace austeer {
namespace {

struct DtypeName {
  std::string_view name;
  at::ScalarType dtype;
};

constexpr std::array<DtypeName, 10> dtype_names = {{{"F64", at::kDouble},
                                                    {"F32", at::kFloat},
                                                    {"F16", at::kHalf},
                                                    {"BF16", at::kBFloat16},
                                                    {"I64", at::kLong},
                                                    {"I32", at::kInt},
                                                    {"I16", at::kShort},
                                                    {"I8", at::kChar},
                                                    {"U8", at::kByte},
                                                    {"BOOL", at::kBool}}};

std::string supported_names() {
  std::string list;
  for (const DtypeName& entry : dtype_names) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", entry.name);
  }
  return list;
}

}  // namespace

at::ScalarType safetensors_dtype(std::string_view name, const std::string& place) {
  for (const DtypeName& entry : dtype_names) {
    if (entry.name == name) return entry.dtype;
  }
  // What MLX, AWQ and GPTQ pack into, and 8-bit floats.
  const bool packed = name.starts_with("U") || name.starts_with("F8");
  throw FormatError("safetensors",
                    fmt::format("{}: the dtype {} is not supported; supported: {}", place,
                                name.substr(0, 32), supported_names()),
                    packed
                        ? "Weights of this type are quantised, and their scales stand elsewhere: "
                          "use a plain checkpoint, bitsandbytes' NF4, or a GGUF file"
                        : "");
}

std::string_view safetensors_dtype_name(at::ScalarType dtype) {
  for (const DtypeName& entry : dtype_names) {
    if (entry.dtype == dtype) return entry.name;
  }
  throw UsageError("safetensors",
                   fmt::format("tensors of dtype {} cannot be written; supported: {}",
                               c10::toString(dtype), supported_names()));
}

}  // namespace austeer
