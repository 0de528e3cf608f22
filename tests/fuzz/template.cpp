// Any bytes as a prompt template: refused with a FormatError, or filled.

#include "text/template.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const austeer::Json value = "{value}";
  try {
    const austeer::Template parsed(std::string_view(reinterpret_cast<const char*>(data), size),
                                   "fuzz");
    const auto filled = parsed.fill([&](const std::string&) { return &value; }, "record");
    if (parsed.fields().empty() && filled.size() > size) __builtin_trap();
  } catch (const austeer::FormatError&) {
  }
  return 0;
}
