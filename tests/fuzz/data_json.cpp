// Any bytes as JSON of a data set: refused with a FormatError, or read; and read wherever the
// strict reader reads. What was read is JSON again when it is written.

#include "base/data_json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace {

using Reader = austeer::Json (*)(std::string_view text, const std::string& place);

std::optional<austeer::Json> read(Reader reader, std::string_view text) {
  try {
    return reader(text, "fuzz");
  } catch (const austeer::FormatError&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto found = read(austeer::parse_data_json, text);
  const bool has_nul = text.find('\0') != std::string_view::npos;
  if (!found && !has_nul && read(austeer::parse_json, text)) __builtin_trap();
  if (found && !read(austeer::parse_json, austeer::to_text(*found))) __builtin_trap();
  return 0;
}
