// Following a path through a record.
#include "tasks/record.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string_view>

#include "base/data_json.hpp"
#include "base/error.hpp"
#include "base/names.hpp"
#include "base/scan.hpp"

namespace austeer {

namespace {

/// The value of `object` at dotted `names`; a key may itself have dots in it.
const Json* find_named(const Json& object, std::string_view names) {
  if (!object.is_object()) return nullptr;
  if (const auto found = object.find(std::string(names)); found != object.end()) return &*found;
  for (std::size_t dot = names.find('.'); dot != std::string_view::npos;
       dot = names.find('.', dot + 1)) {
    const auto outer = object.find(std::string(names.substr(0, dot)));
    if (outer == object.end()) continue;
    if (const Json* inner = find_named(*outer, names.substr(dot + 1))) return inner;
  }
  return nullptr;
}

/// One walk along a path.
class PathWalk {
 public:
  PathWalk(const Record& record, std::string_view path) : record_(record), path_(path) {}

  const Json* find() {
    std::size_t at = path_.find('[');
    const Json* value = find_named(record_.fields, path_.substr(0, at));
    while (value != nullptr && at != std::string_view::npos && at < path_.size()) {
      const std::size_t close = path_.find(']', at);
      if (close == std::string_view::npos || close == at + 1) refuse("brackets that hold a name");
      value = element(*value, path_.substr(at + 1, close - at - 1), path_.substr(0, at));
      at = close + 1;
      if (at == path_.size() || path_[at] == '[' || value == nullptr) continue;
      if (path_[at] != '.') refuse("'.', '[' or the end after ']'");
      const std::size_t next = path_.find('[', at);
      value = find_named(*value, path_.substr(at + 1, next - at - 1));
      at = next;
    }
    return value;
  }

 private:
  [[noreturn]] void refuse(const std::string& expected, const std::string& found = "",
                           const std::string& hint = "") const {
    throw FormatError({fmt::format("[task] {}: '{}' names nothing", record_.place, path_), expected,
                       found, hint});
  }

  /// The element that `brackets` names of `value`, which lies at `name`.
  const Json* element(const Json& value, std::string_view brackets, std::string_view name) const {
    if (!value.is_array() && !value.is_object()) {
      refuse(fmt::format("a list or an object in the field '{}'", name), kind_of(value));
    }
    std::optional<std::int64_t> index = parse_number<std::int64_t>(brackets);
    if (value.is_array() && index) return list_element(value, *index);
    const std::string key = index ? std::string(brackets) : field_text(brackets);
    if (value.is_object()) {
      const auto found = value.find(key);
      return found == value.end() ? nullptr : &*found;
    }
    index = parse_number<std::int64_t>(key);
    if (!index) {
      refuse(fmt::format("a whole number in the field '{}', from 0 to {}", brackets,
                         std::max<std::size_t>(1, value.size()) - 1),
             fmt::format("'{}'", key),
             fmt::format("In a choice task each label can name its element: answers: {{A: "
                         "\"{{{0}[0]}}\", B: \"{{{0}[1]}}\"}}",
                         name));
    }
    return list_element(value, *index);
  }

  std::string field_text(std::string_view field) const {
    const Json* value = find_named(record_.fields, field);
    if (value == nullptr) refuse(fmt::format("a field called '{}'", field), "none");
    std::optional<std::string> text = scalar_text(*value);
    if (!text) refuse(fmt::format("a number or a text in the field '{}'", field), kind_of(*value));
    return std::move(*text);
  }

  const Json* list_element(const Json& list, std::int64_t index) const {
    const auto size = static_cast<std::int64_t>(list.size());
    const std::int64_t from_start = index < 0 ? size + index : index;
    if (from_start < 0 || from_start >= size) {
      refuse("an element of the list", fmt::format("element {} of {}", index, size),
             "Elements are counted from 0, or from -1 at the end");
    }
    return &list.at(static_cast<std::size_t>(from_start));
  }

  const Record& record_;
  std::string_view path_;
};

}  // namespace

const Json* Record::find(const std::string& path) const {
  const auto literal = fields.find(path);
  const Json* value = literal != fields.end() ? &*literal : PathWalk(*this, path).find();
  return value == nullptr || value->is_null() ? nullptr : value;
}

// Reading and checking conditions on records.

namespace {

bool compares_numbers(Comparison comparison) {
  return comparison == Comparison::below || comparison == Comparison::above;
}

Condition read_condition(const std::string& field, const std::string& name, const Json& value,
                         const Fields& place) {
  const std::vector<std::string> known = names_in(enum_table(Comparison()).values);
  if (std::ranges::find(known, name) == known.end()) {
    throw FormatError({fmt::format("{}: unknown comparison '{}'", place.place(), name), "", "",
                       suggestion(name, known)});
  }
  Condition condition{field, enum_value<Comparison>(name), "", 0};
  if (value.is_structured() || value.is_null()) place.refuse(name, "a text or a number", value);
  condition.text = value.is_string() ? value.get<std::string>() : to_text(value);
  if (compares_numbers(condition.comparison)) {
    if (!value.is_number()) place.refuse(name, "a number", value);
    condition.number = value.get<double>();
  }
  return condition;
}

}  // namespace

bool Condition::holds(const Record& record) const {
  const Json* value = record.find(field);
  if (value == nullptr) return false;
  if (value->is_structured()) {
    throw FormatError(
        {fmt::format("[task] {}: where: the field '{}' is compared with a text or a "
                     "number",
                     record.place, field),
         "a text, a number, true or false", kind_of(*value),
         fmt::format("Name what is in it: {0}[0] of a list, {0}.KEY of an object", field)});
  }
  if (!compares_numbers(comparison)) {
    const std::optional<std::string> found = scalar_text(*value);
    return found && (comparison == Comparison::is) == (*found == text);
  }
  const std::optional<double> found = value->is_number()
                                          ? value->get<double>()
                                          : parse_number<double>(scalar_text(*value).value_or(""));
  if (!found) return false;
  return comparison == Comparison::below ? *found < number : *found > number;
}

bool all_hold(const std::vector<Condition>& conditions, const Record& record) {
  return std::ranges::all_of(conditions, [&](const Condition& one) { return one.holds(record); });
}

void JsonForm<std::vector<Condition>>::read(Fields& fields, const std::string& key,
                                            std::vector<Condition>& conditions) {
  conditions.clear();
  Fields by_field = fields.object(key);
  for (const auto& [field, unused] : fields.value(key).items()) {
    const Fields comparisons = by_field.object(field);
    for (const auto& [name, value] : by_field.value(field).items()) {
      conditions.push_back(read_condition(field, name, value, comparisons));
    }
  }
}

Json JsonForm<std::vector<Condition>>::json(const std::vector<Condition>& conditions) {
  Json json = Json::object();
  for (const Condition& one : conditions) {
    json[one.field][enum_name(one.comparison)] =
        compares_numbers(one.comparison) ? Json(one.number) : Json(one.text);
  }
  return json;
}

}  // namespace austeer
