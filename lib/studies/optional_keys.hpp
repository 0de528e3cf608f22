#pragma once
// Keys of a study that may be left out and have no default of their own kind, and names in it that
// need not be known.

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/suggest.hpp"

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

/// Throws UsageError where `name` is not one of `known` but nearly one. Studies share lists, in
/// which other names may stand: those of models and tasks that this one does not run.
inline void refuse_mistyped(const std::string& name, const std::vector<std::string>& known,
                            const std::string& place, const char* what) {
  if (std::ranges::find(known, name) != known.end()) return;
  const std::string nearest = nearest_name(name, known);
  if (nearest.empty()) return;
  throw UsageError("study", fmt::format("{}: the study has no {} '{}'", place, what, name),
                   fmt::format("did you mean '{}'?", nearest));
}

}  // namespace austeer
