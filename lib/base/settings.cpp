#include "base/settings.hpp"

#include <algorithm>

namespace austeer {

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

namespace settings_detail {

std::vector<std::string> text_list(Fields& fields, const std::string& key) {
  if (fields.value(key).is_array()) return fields.required<std::vector<std::string>>(key);
  return split_list(fields.required<std::string>(key));
}

std::vector<Fields> object_list(Fields& fields, const std::string& key) {
  const Json& list = fields.value(key);
  const std::string place = fields.place() + ": " + key;
  if (!list.is_array()) throw FormatError({place, "a list", list.type_name(), ""});
  std::vector<Fields> objects;
  for (const Json& element : list) {
    objects.emplace_back(element, fmt::format("{}[{}]", place, objects.size()));
  }
  return objects;
}

bool is_written(const Setting& setting, const Json& value, const Json& by_default) {
  switch (setting.written) {
    case Written::usual:
      return !value.is_null();
    case Written::always:
      return true;
    case Written::unless_default:
      return value != by_default;
    case Written::never:
      return false;
  }
  return true;
}

}  // namespace settings_detail
}  // namespace austeer
