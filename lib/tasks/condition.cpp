// Reading and checking conditions on records.
#include "tasks/condition.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "base/data_json.hpp"
#include "base/error.hpp"
#include "base/suggest.hpp"

namespace austeer {
namespace {

bool compares_numbers(Comparison comparison) {
  return comparison == Comparison::below || comparison == Comparison::above;
}

std::optional<double> as_number(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
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
  const std::optional<double> found =
      value->is_number() ? value->get<double>() : as_number(scalar_text(*value).value_or(""));
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
