#include "base/error.hpp"

#include <fmt/format.h>

namespace austeer {
namespace {

std::string sentence(const ErrorParts& parts) {
  std::string text = parts.what;
  if (!parts.expected.empty()) text += fmt::format("; expected {}", parts.expected);
  if (!parts.found.empty()) text += fmt::format("; found {}", parts.found);
  if (!parts.hint.empty()) text += fmt::format(". {}", parts.hint);
  return text;
}

}  // namespace

Error::Error(const ErrorParts& parts) : std::runtime_error(sentence(parts)) {}

Error::Error(std::string_view room, std::string_view what, std::string_view hint)
    : Error(ErrorParts{fmt::format("[{}] {}", room, what), {}, {}, std::string(hint)}) {}

}  // namespace austeer
