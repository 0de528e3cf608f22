#include "tensors/header_checks.hpp"

#include <cstddef>
#include <fmt/format.h>
#include <unordered_set>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace austeer {

namespace {

constexpr std::size_t max_keys = 100'000;
constexpr int max_depth = 8;

}  // namespace

SortedJson parse_unique_keys(std::string_view text, const std::string& place) {
  std::vector<std::unordered_set<std::string>> open_objects(max_depth + 1);
  const auto inspect = [&](int depth, SortedJson::parse_event_t event, SortedJson& parsed) {
    if (depth > max_depth) {
      throw FormatError("json", fmt::format("{}: nested deeper than {} levels", place, max_depth));
    }
    if (event == SortedJson::parse_event_t::object_start) {
      open_objects[static_cast<std::size_t>(depth)].clear();
    } else if (event == SortedJson::parse_event_t::key) {
      auto& keys = open_objects[static_cast<std::size_t>(depth) - 1];
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.insert(key).second) {
        throw FormatError("json", fmt::format("{}: the key '{}' stands twice", place, key));
      }
      if (keys.size() > max_keys) {
        throw FormatError("json", fmt::format("{}: more than {} keys", place, max_keys));
      }
    }
    // Nothing is kept: after each object, the parser would look through all that stands beside it.
    return false;
  };
  [[maybe_unused]] const SortedJson nothing =
      SortedJson::parse(text, inspect, /*allow_exceptions=*/false);
  SortedJson json;
  try {
    json = SortedJson::parse(text);
  } catch (const SortedJson::exception& error) {
    throw FormatError("json", fmt::format("{}: not valid JSON ({})", place, error.what()));
  }
  require_object(json, place);
  return json;
}

void require_object(const SortedJson& value, const std::string& place) {
  if (!value.is_object()) {
    throw FormatError({place, "an object (key: value)", value.type_name(), ""});
  }
}

std::string text_at(const std::string& key, const SortedJson& value, const std::string& place) {
  Json member = Json::object();
  member[key] = Json(value);
  return Fields(member, place).required<std::string>(key);
}

}  // namespace austeer
