#pragma once
// Options of a command line, from the descriptions of the settings that they set
// (base/settings.hpp): name, help, default and bounds.

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/settings.hpp"

namespace austeer::app {

/// "--batch-tokens" of "batch_tokens".
inline std::string option_name(const Setting& setting) {
  std::string name = "--" + setting.key;
  std::ranges::replace(name, '_', '-');
  return name;
}

/// What the description says of an option beside its value.
inline void apply_setting(CLI::Option& option, const Setting& setting) {
  if (setting.least && setting.most) {
    option.check(CLI::Range(*setting.least, *setting.most));
  } else if (setting.least) {
    option.check(*setting.least == 0 ? CLI::NonNegativeNumber : CLI::PositiveNumber);
  }
  if (setting.required) option.required();
  if (!setting.shape.empty()) option.option_text(setting.shape);
}

/// The option of `setting`, of which `store` is given the value, a T.
template <typename T, typename Store>
CLI::Option* add_setting(CLI::App& command, const Setting& setting, const Store& store) {
  using Type = typename Content<T>::Type;
  const std::string name = option_name(setting);
  CLI::Option* option = nullptr;
  if constexpr (Content<T>::is_optional) {
    return add_setting<Type>(command, setting, store);
  } else if constexpr (std::same_as<T, bool>) {
    option = command.add_flag_function(
        name, [store](std::int64_t count) { store(count > 0); }, setting.help);
  } else if constexpr (HasText<T>) {
    option = command.add_option_function<std::string>(
        name, [store](const std::string& text) { store(TextForm<T>::parse(text)); }, setting.help);
  } else if constexpr (Content<T>::is_list && HasText<Type>) {
    const auto read = [store](const std::vector<std::string>& texts) {
      T values;
      for (const std::string& text : texts) values.push_back(TextForm<Type>::parse(text));
      store(values);
    };
    option = command.add_option_function<std::vector<std::string>>(name, read, setting.help);
  } else {
    option = command.add_option_function<T>(name, store, setting.help);
  }
  if constexpr (Content<T>::is_list) option->delimiter(',');
  apply_setting(*option, setting);
  return option;
}

/// A field's value as --help shows its default; "" where it shows none.
template <typename T>
std::string default_text(const T& field, const Setting& setting) {
  if constexpr (Content<T>::is_optional) {
    return setting.unset;
  } else if constexpr (Content<T>::is_list) {
    std::vector<std::string> texts;
    for (const auto& element : field) texts.push_back(default_text(element, setting));
    return fmt::format("{}", fmt::join(texts, " "));
  } else if constexpr (HasText<T>) {
    return TextForm<T>::text(field);
  } else if constexpr (std::same_as<T, bool> || std::same_as<T, std::filesystem::path>) {
    return "";
  } else {
    return fmt::format("{}", field);
  }
}

/// A visitor that gives a command the options of the settings described, which must outlive it.
class SettingOptions {
 public:
  /// Without the option `needed`, where it is not null, those that are added mean nothing.
  explicit SettingOptions(CLI::App& command, CLI::Option* needed = nullptr)
      : command_(command), needed_(needed) {}

  template <typename T>
  void operator()(T& field, const Setting& setting) {
    CLI::Option* option =
        add_setting<T>(command_, setting, [&field](const auto& value) { field = value; });
    option->default_str(default_text(field, setting));
    if (needed_ != nullptr) option->needs(needed_);
  }

 private:
  CLI::App& command_;
  CLI::Option* needed_;
};

/// The options of all settings of a struct.
template <typename Settings>
void add_options(CLI::App& command, Settings& settings, CLI::Option* needed = nullptr) {
  SettingOptions options(command, needed);
  describe(options, settings);
}

/// A visitor that gives a command options whose values win over settings that come from elsewhere:
/// those that are given become keys of `given`, for read_settings().
class GivenOptions {
 public:
  /// `help` stands in place of what each setting says; `but` are keys that become no option.
  GivenOptions(CLI::App& command, Json& given, std::string help, std::set<std::string> but = {})
      : command_(command), given_(given), help_(std::move(help)), but_(std::move(but)) {}

  template <typename T>
  void operator()(const T&, Setting setting) {
    if (but_.contains(setting.key)) return;
    setting.help = help_;
    add_setting<T>(command_, setting, [&given = given_, key = setting.key](const auto& value) {
      given[key] = value_json(value);
    });
  }

 private:
  CLI::App& command_;
  Json& given_;
  std::string help_;
  std::set<std::string> but_;
};

}  // namespace austeer::app
