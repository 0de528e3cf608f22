#pragma once
// Names that people write: plain ones, the nearest known one, those of an enumeration's values,
// and registries of what is known by name.

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace austeer {

// "Did you mean ...?": the nearest known name to one that was mistyped.

/// The known name with the smallest edit distance to `name`, or "" when none is close enough
/// (more than a third of its letters would have to change). Names of more than 200 bytes are
/// nobody's typing: they are neither compared nor suggested.
std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// "did you mean 'x'? known: a, b, c" for use as an error's hint. At most 20 names are listed.
std::string suggestion(std::string_view name, std::span<const std::string> known);

// Names that come from outside and become file names, archive members or digests: whether they are
// what they should be. A name that passes cannot lead out of its folder.

/// Whether `name` is one path component of letters, digits, '.', '_', '-' that does not open with
/// '.' or '-'.
bool is_plain_name(std::string_view name);

/// Whether `path` is relative, uses '/' alone, and has no empty, "." or ".." component and no
/// control character: safe as the name of a file inside an archive.
bool is_inner_path(std::string_view path);

/// Whether `text` is written as SHA-256 digests are here: 64 lower-case hex digits.
bool is_sha256(std::string_view text);

// Names of an enumeration's values: one table beside the enumeration, from which everything else
// follows: the name of a value, the value of a name with "did you mean", and lists for help texts.
//
//   enum class Rule { scale, directed };
//   constexpr auto enum_table(Rule) {
//     return EnumTable{"plan", "rule",
//                      std::array{std::pair{"scale", Rule::scale},
//                                 std::pair{"directed", Rule::directed}}};
//   }

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

// Registry<T>: named things of one kind. Registration is explicit (a static library drops objects
// that only register themselves), duplicates are refused, an unknown name gets a suggestion.

template <typename T>
class Registry {
 public:
  /// `kind` names the things in messages: "method", "model type".
  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  /// Adds `value` under `name`; throws UsageError if the name is taken.
  Registry& add(const std::string& name, T value) {
    if (!entries_.emplace(name, std::move(value)).second) {
      throw UsageError("registry", "the " + kind_ + " '" + name + "' is registered twice");
    }
    return *this;
  }

  /// The entry called `name`; throws UsageError with the nearest known name.
  const T& get(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      throw UsageError("registry", "unknown " + kind_ + " '" + name + "'",
                       suggestion(name, names()));
    }
    return found->second;
  }

  /// All names, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& [name, value] : entries_) result.push_back(name);
    return result;
  }

 private:
  std::string kind_;
  std::map<std::string, T> entries_;
};

}  // namespace austeer
