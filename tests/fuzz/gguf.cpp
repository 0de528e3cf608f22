// Any bytes as a GGUF file: refused with a FormatError, or every tensor lies inside them and can be
// dequantised, and every metadata value can be asked for as every type.
#include "tensors/gguf.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "base/error.hpp"

namespace {

using austeer::GgufHeader;

template <typename T>
void ask(const austeer::GgufMetadata& metadata, const std::string& key) {
  try {
    metadata.required<T>(key);
  } catch (const austeer::FormatError&) {
  }
}

void read_everything(const GgufHeader& header, std::span<const std::byte> bytes) {
  for (const std::string& key : header.metadata.keys()) {
    ask<bool>(header.metadata, key);
    ask<std::int64_t>(header.metadata, key);
    ask<double>(header.metadata, key);
    ask<std::string>(header.metadata, key);
    ask<std::vector<std::int64_t>>(header.metadata, key);
    ask<std::vector<double>>(header.metadata, key);
    ask<std::vector<std::string_view>>(header.metadata, key);
  }
  const auto data = bytes.subspan(header.data_start);
  for (const auto& [name, tensor] : header.tensors) {
    if (tensor.offset > data.size() || tensor.size > data.size() - tensor.offset) std::abort();
    at::Tensor out = at::empty(tensor.shape, at::kFloat);
    austeer::dequantise(*tensor.format, data.subspan(tensor.offset, tensor.size), out);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    read_everything(austeer::parse_gguf_header(text, "fuzz"), bytes);
  } catch (const austeer::FormatError&) {
  }
  return 0;
}
