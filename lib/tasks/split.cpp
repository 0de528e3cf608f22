// Parsing and checking split expressions.
#include "tasks/split.hpp"

#include <charconv>
#include <fmt/format.h>

#include "base/error.hpp"

namespace austeer {
namespace {

[[noreturn]] void refuse(std::string_view expression) {
  throw UsageError({fmt::format("[split] '{}' is not a split", expression),
                    "a name, or a name and a range of items, such as train, train[:600], "
                    "train[600:] or train[100:200]",
                    "", ""});
}

/// The number that `digits` spells out, nothing where there are none.
std::optional<std::size_t> bound(std::string_view digits, std::string_view expression) {
  if (digits.empty()) return std::nullopt;
  std::size_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end) refuse(expression);
  return value;
}

}  // namespace

Split parse_split(std::string_view expression) {
  const std::size_t opening = expression.find('[');
  Split split{std::string(expression), std::string(expression.substr(0, opening)), 0, {}};
  if (split.name.empty()) refuse(expression);
  if (opening == std::string_view::npos) return split;

  const std::string_view range = expression.substr(opening + 1);
  const std::size_t colon = range.find(':');
  if (colon == std::string_view::npos || !range.ends_with(']')) refuse(expression);
  split.first = bound(range.substr(0, colon), expression).value_or(0);
  split.last = bound(range.substr(colon + 1, range.size() - colon - 2), expression);
  return split;
}

std::pair<std::size_t, std::size_t> split_range(const Split& split, std::size_t count) {
  const std::size_t last = split.last.value_or(count);
  if (last > count || split.first >= count) {
    throw UsageError("split", fmt::format("'{}' reaches beyond the data: '{}' has {} items",
                                          split.expression, split.name, count));
  }
  if (split.first >= last) {
    throw UsageError("split", fmt::format("'{}' holds no item ('{}' has {})", split.expression,
                                          split.name, count));
  }
  return {split.first, last};
}

}  // namespace austeer
