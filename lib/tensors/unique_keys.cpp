#include "tensors/unique_keys.hpp"

#include <cstddef>
#include <fmt/format.h>
#include <unordered_set>
#include <vector>

#include "base/json.hpp"

namespace austeer {
namespace {

constexpr std::size_t max_keys = 100'000;
constexpr int max_depth = 8;

}  // namespace

void refuse_duplicate_keys(std::string_view text, const std::string& place) {
  std::vector<std::unordered_set<std::string>> open_objects(max_depth + 1);
  const auto inspect = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > max_depth) {
      throw FormatError("json", fmt::format("{}: nested deeper than {} levels", place, max_depth));
    }
    if (event == Json::parse_event_t::object_start) {
      open_objects[static_cast<std::size_t>(depth)].clear();
    } else if (event == Json::parse_event_t::key) {
      auto& keys = open_objects[static_cast<std::size_t>(depth) - 1];
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.insert(key).second) {
        throw FormatError("json", fmt::format("{}: the key '{}' stands twice", place, key));
      }
      if (keys.size() > max_keys) {
        throw FormatError("json", fmt::format("{}: more than {} keys", place, max_keys));
      }
    }
    return false;  // nothing is kept, so that no document is built
  };
  [[maybe_unused]] const Json nothing = Json::parse(text, inspect, /*allow_exceptions=*/false);
}

}  // namespace austeer
