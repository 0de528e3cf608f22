#pragma once
// JSON, YAML and the strict reading of both. A YAML document is converted to Json, so that every
// configuration is read by the same Fields, which refuses unknown keys and wrong types by name.

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace austeer {

/// Keys keep the order in which they were written.
using Json = nlohmann::ordered_json;

/// Parses `text`; `place` ("file.jsonl:12") opens the FormatError of malformed input.
Json parse_json(std::string_view text, const std::string& place);

/// Reads and parses a JSON file. Throws FileError, FormatError.
Json read_json(const std::filesystem::path& file);

/// Reads a YAML file as Json: plain scalars become null, booleans, integers or floats where they
/// look like one, quoted scalars stay strings. Throws FileError, also for more than 1 MiB, and
/// FormatError (with line, column), also for more than 64 levels or, with the aliases written out,
/// 100,000 values.
Json read_yaml(const std::filesystem::path& file);

/// Compact UTF-8 text; bytes that are not UTF-8 become U+FFFD instead of an exception.
std::string to_text(const Json& value, int indent = -1);

/// One JSON object read strictly. Each accessor names the key and the file when it refuses.
///
///   Fields fields(json, "configs/tasks/copa.yaml");
///   auto name = fields.required<std::string>("name");
///   auto tokens = fields.optional<int64_t>("max_new_tokens", 1);
///   fields.refuse_unknown();
class Fields {
 public:
  /// `object` must outlive this. Throws FormatError unless it is an object.
  Fields(const Json& object, std::string place);

  bool has(const std::string& key) const;

  /// As has(); either way the key is known from now on.
  bool is_given(const std::string& key);

  /// The value at `key`; throws FormatError when it is missing or of another type.
  template <typename T>
  T required(const std::string& key) {
    return convert<T>(value(key), key);
  }

  /// The value at `key`, or `fallback` when the key is missing or null.
  template <typename T>
  T optional(const std::string& key, T fallback) {
    seen_.insert(key);
    return has(key) ? convert<T>(object_.at(key), key) : fallback;
  }

  /// The raw value at `key`; throws FormatError when it is missing.
  const Json& value(const std::string& key);

  /// A nested object at `key`, with its own place for messages.
  Fields object(const std::string& key);

  /// Throws FormatError for the first key that no accessor asked for, with the nearest known one.
  void refuse_unknown() const;

  /// Throws the FormatError that the value at `key` is wrong: not `expected` but `found`.
  [[noreturn]] void refuse(const std::string& key, std::string_view expected,
                           const Json& found) const;

  const std::string& place() const { return place_; }

 private:
  template <typename T>
  T convert(const Json& value, const std::string& key) const;

  const Json& object_;
  std::string place_;
  std::set<std::string> seen_;
};

namespace json_detail {

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {
  using Element = T;
};

}  // namespace json_detail

template <typename T>
T Fields::convert(const Json& value, const std::string& key) const {
  if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) refuse(key, "true or false", value);
    return value.get<bool>();
  } else if constexpr (std::is_integral_v<T>) {
    if (!value.is_number_integer()) refuse(key, "a whole number", value);
    if (value.is_number_unsigned() ? !std::in_range<T>(value.get<std::uint64_t>())
                                   : !std::in_range<T>(value.get<std::int64_t>())) {
      refuse(key, "a number in range", value);
    }
    return value.get<T>();
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!value.is_number()) refuse(key, "a number", value);
    return value.get<T>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string()) refuse(key, "a text", value);
    return value.get<std::string>();
  } else {
    static_assert(json_detail::IsVector<T>::value, "Fields reads scalars, texts and lists");
    if (!value.is_array()) refuse(key, "a list", value);
    T result;
    for (const Json& element : value) {
      result.push_back(convert<typename json_detail::IsVector<T>::Element>(element, key));
    }
    return result;
  }
}

// JSONL: one JSON value a line, as data sets hold it (base/data_json.hpp).

/// Calls `use` for each line of `text` that is not blank, with its value and its place, "NAME:12",
/// where `name` says what was read. Throws FormatError, naming the line, for what is no JSON.
void for_each_json_line(
    std::string_view text, const std::string& name,
    const std::function<void(const Json& value, const std::string& place)>& use);

}  // namespace austeer
