#include "studies/axes.hpp"

#include <algorithm>

namespace austeer {

std::string axis_name(const std::string& axis) { return axis.substr(axis.rfind('.') + 1); }

std::vector<Json> axis_values(const StudyMethod& method, const std::string& axis) {
  std::vector<Json> values;
  for (const Variant& variant : method.variants) {
    Json value = axis_value(variant, axis);
    if (std::ranges::find(values, value) == values.end()) values.push_back(std::move(value));
  }
  if (std::ranges::all_of(values, [](const Json& value) { return value.is_number(); })) {
    std::ranges::sort(
        values, [](const Json& a, const Json& b) { return a.get<double>() < b.get<double>(); });
  }
  return values;
}

std::string axis_value_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_text(value);
}

}  // namespace austeer
