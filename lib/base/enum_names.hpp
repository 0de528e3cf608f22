#pragma once
// Names of an enumeration's values: one table beside the enumeration, from which everything else
// follows: the name of a value, the value of a name with "did you mean", and lists for help texts.
//
//   enum class Rule { scale, directed };
//   constexpr auto enum_table(Rule) {
//     return EnumTable{"plan", "rule",
//                      std::array{std::pair{"scale", Rule::scale},
//                                 std::pair{"directed", Rule::directed}}};
//   }

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/suggest.hpp"

namespace austeer {

/// The name of `value` in a table of (name, value) pairs; "" where it has none.
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

/// The names of an enumeration; messages call a value `what` and come from `room`.
template <typename Enum, std::size_t size>
struct EnumTable {
  const char* room;
  const char* what;
  std::array<std::pair<const char*, Enum>, size> values;
};
template <typename Enum, std::size_t size>
EnumTable(const char*, const char*, std::array<std::pair<const char*, Enum>, size>)
    -> EnumTable<Enum, size>;

/// An enumeration whose values have names.
template <typename Enum>
concept NamedEnum = requires(Enum value) {
  enum_table(value).values;
};

template <NamedEnum Enum>
std::string enum_name(Enum value) {
  return name_in(enum_table(value).values, value);
}

/// Throws UsageError with the nearest known name.
template <NamedEnum Enum>
Enum enum_value(std::string_view name) {
  constexpr auto table = enum_table(Enum());
  return value_in(table.values, name, table.room, table.what);
}

/// Every name, in the table's order, with `separator` between them: "scale, directed".
template <NamedEnum Enum>
std::string enum_list(std::string_view separator = ", ") {
  std::string list;
  for (const auto& [name, value] : enum_table(Enum()).values) {
    if (!list.empty()) list += separator;
    list += name;
  }
  return list;
}

}  // namespace austeer
