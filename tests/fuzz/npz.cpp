// Any bytes as an .npz file: refused with a FormatError, or every array can be read.
#include "tensors/npz.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr std::uint64_t max_array = 1 << 20;
  try {
    const austeer::NpzFile file(bytes, "fuzz", max_array);
    for (const std::string& name : file.names()) {
      if (file.tensor(name).sizes() != file.header(name).shape) std::abort();
    }
  } catch (const austeer::FormatError&) {
  }
  return 0;
}
