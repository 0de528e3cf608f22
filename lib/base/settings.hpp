#pragma once
// Settings, described once. A struct of settings has a function in its header that states the key,
// help and bounds of each field; the default is the member's initial value:
//
//   void describe(auto& visit, SettingsOf<RunOptions> auto& run) {
//     visit(run.threads, {.key = "threads", .help = "threads to compute with", .least = 0});
//     describe(visit, run.engine);  // a struct whose fields stand among these
//   }
//
// All else visits it: strict reading of JSON and YAML, also of some fields over others, writing,
// digests, and the options of a command line (apps/austeer/setting_options.hpp).

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/names.hpp"

namespace austeer {

/// A struct of settings to be read into, or a const one.
template <typename Given, typename Settings>
concept SettingsOf = std::same_as<std::remove_const_t<Given>, Settings>;

/// When JSON has a field.
enum class Written {
  usual,           ///< always, but for an optional without a value
  always,          ///< such an optional as null
  unless_default,  ///< where it has another value than a fresh struct
  never,
};

/// What a description says of a field.
struct Setting {
  std::string key;  ///< in files; on a command line --key, with - for _
  std::string help = {};
  bool required = false;
  std::optional<std::int64_t> least = {};
  std::optional<std::int64_t> most = {};
  bool filled = false;     ///< a list: not empty
  std::string unset = {};  ///< in --help, what holds while an optional field has no value
  std::string shape = {};  ///< in --help, in place of the field's type
  Written written = Written::usual;
  bool in_digest = true;
};

/// How a type whose values people write as one text is read and written: parse(text), which may
/// throw UsageError, and text(value). To be specialised; enumerations have it of their table.
template <typename T>
struct TextForm;

template <NamedEnum Enum>
struct TextForm<Enum> {
  static Enum parse(std::string_view name) { return enum_value<Enum>(name); }
  static std::string text(Enum value) { return enum_name(value); }
};

/// A type with a TextForm.
template <typename T>
concept HasText = requires(const T& value) {
  TextForm<T>::text(value);
};

/// How a type that has a form of its own in JSON is read and written: read(fields, key, value) and
/// json(value). To be specialised.
template <typename T>
struct JsonForm;

/// The JsonForm of an enumeration whose unknown names are wrong usage (UsageError) in a file too.
template <NamedEnum Enum>
struct UsageJsonForm {
  static void read(Fields& fields, const std::string& key, Enum& value) {
    value = enum_value<Enum>(fields.required<std::string>(key));
  }
  static Json json(Enum value) { return enum_name(value); }
};

/// What an optional or a list holds; of another type the type itself.
template <typename T>
struct Content {
  using Type = T;
  static constexpr bool is_optional = false;
  static constexpr bool is_list = false;
};
template <typename T>
struct Content<std::optional<T>> {
  using Type = T;
  static constexpr bool is_optional = true;
  static constexpr bool is_list = false;
};
template <typename T>
struct Content<std::vector<T>> {
  using Type = T;
  static constexpr bool is_optional = false;
  static constexpr bool is_list = true;
};

/// "a,b" as {"a", "b"}.
std::vector<std::string> split_list(const std::string& text);

template <typename Settings>
void read_settings(Fields& fields, Settings& settings, std::set<std::string> but = {});
template <typename Settings>
Json settings_json(const Settings& settings);
template <typename T>
Json value_json(const T& value);

namespace settings_detail {

struct AnyVisitor {
  template <typename T>
  void operator()(T& field, const Setting& setting);
};

template <typename T>
concept HasJson = requires(const T& value) {
  JsonForm<T>::json(value);
};
template <typename T>
concept Described = requires(AnyVisitor& visit, T& settings) {
  describe(visit, settings);
};

using Texts = std::map<std::string, std::string>;

/// The texts at `key`: a list, or one text with commas.
std::vector<std::string> text_list(Fields& fields, const std::string& key);

/// The value that `text` names. Throws FormatError for an unknown name.
template <typename T>
T parsed(const Fields& fields, const std::string& text) {
  try {
    return TextForm<T>::parse(text);
  } catch (const UsageError& error) {
    throw FormatError({fields.place() + ": " + error.what(), "", "", ""});
  }
}

/// The objects at `key`, a list of them. Throws FormatError.
std::vector<Fields> object_list(Fields& fields, const std::string& key);

template <typename T>
void read_value(Fields& fields, const std::string& key, T& value) {
  using Type = typename Content<T>::Type;
  if constexpr (HasJson<T>) {
    JsonForm<T>::read(fields, key, value);
  } else if constexpr (Content<T>::is_optional) {
    read_value(fields, key, value.emplace());
  } else if constexpr (HasText<T>) {
    value = parsed<T>(fields, fields.required<std::string>(key));
  } else if constexpr (Content<T>::is_list && HasText<Type>) {
    value.clear();
    for (const auto& text : text_list(fields, key)) value.push_back(parsed<Type>(fields, text));
  } else if constexpr (Content<T>::is_list && Described<Type>) {
    value.clear();
    for (Fields& element : object_list(fields, key)) read_settings(element, value.emplace_back());
  } else if constexpr (Described<T>) {
    Fields object = fields.object(key);
    read_settings(object, value);
  } else if constexpr (std::same_as<T, Texts>) {
    Fields object = fields.object(key);
    value.clear();
    for (const auto& [name, text] : fields.value(key).items()) {
      value[name] = object.required<std::string>(name);
    }
  } else if constexpr (std::same_as<T, Json>) {
    value = fields.value(key);
  } else if constexpr (std::same_as<T, std::filesystem::path>) {
    value = fields.required<std::string>(key);
  } else {
    value = fields.required<T>(key);
  }
}

template <typename T>
void check_bounds(const Fields& fields, const Setting& setting, const T& value) {
  if constexpr (HasJson<T>) {
    return;  // its form has its own
  } else if constexpr (Content<T>::is_optional) {
    if (value) check_bounds(fields, setting, *value);
  } else if constexpr (Content<T>::is_list) {
    if (setting.filled && value.empty()) {
      fields.refuse(setting.key, "at least one", Json::array());
    }
    for (const auto& element : value) check_bounds(fields, setting, element);
  } else if constexpr (std::integral<T> && !std::same_as<T, bool>) {
    if (setting.least && std::cmp_less(value, *setting.least)) {
      fields.refuse(setting.key, fmt::format("at least {}", *setting.least), value);
    }
    if (setting.most && std::cmp_greater(value, *setting.most)) {
      fields.refuse(setting.key, fmt::format("at most {}", *setting.most), value);
    }
  }
}

/// Every field as JSON, in order.
class FieldLister {
 public:
  template <typename T>
  void operator()(const T& field, Setting setting) {
    fields.emplace_back(std::move(setting), value_json(field));
  }

  std::vector<std::pair<Setting, Json>> fields;
};

template <typename Settings>
std::vector<std::pair<Setting, Json>> list_fields(const Settings& settings) {
  FieldLister list;
  describe(list, settings);
  return std::move(list.fields);
}

/// Of a setting that is there, whether JSON has it, given that of a fresh struct.
bool is_written(const Setting& setting, const Json& value, const Json& by_default);

}  // namespace settings_detail

/// Reads fields that are given; others keep their values. `but` are keys that it does not know.
class SettingsReader {
 public:
  explicit SettingsReader(Fields& fields, std::set<std::string> but = {})
      : fields_(fields), but_(std::move(but)) {}

  template <typename T>
  void operator()(T& field, const Setting& setting) {
    if (but_.contains(setting.key)) return;
    if (!fields_.is_given(setting.key) && !setting.required) return;
    settings_detail::read_value(fields_, setting.key, field);
    settings_detail::check_bounds(fields_, setting, field);
  }

 private:
  Fields& fields_;
  std::set<std::string> but_;
};

/// Reads the settings at `fields` over those that `settings` has. Throws FormatError for keys that
/// are unknown, or of `but`, or required and missing, for other types, unknown names and values out
/// of bounds.
template <typename Settings>
void read_settings(Fields& fields, Settings& settings, std::set<std::string> but) {
  SettingsReader reader(fields, std::move(but));
  describe(reader, settings);
  fields.refuse_unknown();
}

/// A field as JSON.
template <typename T>
Json value_json(const T& value) {
  using Type = typename Content<T>::Type;
  if constexpr (settings_detail::HasJson<T>) {
    return JsonForm<T>::json(value);
  } else if constexpr (Content<T>::is_optional) {
    return value ? value_json(*value) : Json();
  } else if constexpr (HasText<T>) {
    return TextForm<T>::text(value);
  } else if constexpr (Content<T>::is_list && (HasText<Type> || settings_detail::Described<Type>)) {
    Json list = Json::array();
    for (const Type& element : value) list.push_back(value_json(element));
    return list;
  } else if constexpr (settings_detail::Described<const T>) {
    return settings_json(value);
  } else if constexpr (std::same_as<T, std::filesystem::path>) {
    return value.string();
  } else {
    return value;
  }
}

/// The settings as JSON, in the order of their description.
template <typename Settings>
Json settings_json(const Settings& settings) {
  const auto by_default = settings_detail::list_fields(Settings());
  Json json = Json::object();
  for (std::size_t i = 0; auto& [setting, value] : settings_detail::list_fields(settings)) {
    const Json& usual = by_default[i++].second;
    if (settings_detail::is_written(setting, value, usual)) json[setting.key] = std::move(value);
  }
  return json;
}

/// As settings_json(), of the settings alone that tell things apart: what a digest is made of.
template <typename Settings>
Json identity_json(const Settings& settings) {
  Json json = settings_json(settings);
  for (const auto& [setting, value] : settings_detail::list_fields(settings)) {
    if (!setting.in_digest) json.erase(setting.key);
  }
  return json;
}

}  // namespace austeer
