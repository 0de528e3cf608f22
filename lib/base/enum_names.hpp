#pragma once
// Names of an enumeration's values: one table of (name, value) pairs, read in both directions.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/suggest.hpp"

namespace austeer {

/// The name of `value` in `table`; "" where it has none.
template <typename Table, typename Value>
std::string name_in(const Table& table, const Value& value) {
  for (const auto& [name, known] : table) {
    if (known == value) return name;
  }
  return "";
}

/// Every name, in the table's order.
template <typename Table>
std::vector<std::string> names_in(const Table& table) {
  std::vector<std::string> names;
  for (const auto& [name, value] : table) names.emplace_back(name);
  return names;
}

/// The value called `name`. Throws UsageError of `room` with the nearest known name; `what` says
/// what is named.
template <typename Table>
auto value_in(const Table& table, std::string_view name, const std::string& room,
              const std::string& what) {
  for (const auto& [known, value] : table) {
    if (name == known) return value;
  }
  throw UsageError(room, "unknown " + what + " '" + std::string(name) + "'",
                   suggestion(name, names_in(table)));
}

}  // namespace austeer
