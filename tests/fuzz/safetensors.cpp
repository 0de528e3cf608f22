// Any bytes as a safetensors file: refused with a FormatError, or every tensor lies inside them.
#include "tensors/safetensors.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto header = austeer::parse_safetensors_header(bytes, "fuzz");
    for (const auto& [name, entry] : header.tensors) {
      if (entry.begin > entry.end || entry.end > size - header.data_start) std::abort();
    }
  } catch (const austeer::FormatError&) {
  }
  return 0;
}
