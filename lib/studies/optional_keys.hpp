#pragma once
// Keys of a study that may be left out and have no default of their own kind.

#include <optional>
#include <string>

#include "base/json.hpp"

namespace austeer {

/// Whether there is a value at `key`. Either way the key counts as known from now on, for the
/// suggestions that unknown ones are refused with.
inline bool is_given(Fields& fields, const std::string& key) {
  if (fields.has(key)) return true;
  fields.optional<std::string>(key, "");
  return false;
}

/// The value at `key`, or nothing. Throws FormatError for another type.
template <typename T>
std::optional<T> optional_value(Fields& fields, const std::string& key) {
  if (!is_given(fields, key)) return std::nullopt;
  return fields.required<T>(key);
}

}  // namespace austeer
