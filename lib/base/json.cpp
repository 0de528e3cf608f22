#include "base/json.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <yaml-cpp/yaml.h>

#include "base/data_json.hpp"
#include "base/file_kind.hpp"
#include "base/files.hpp"
#include "base/names.hpp"
#include "base/scan.hpp"

namespace austeer {

namespace {

constexpr int max_depth = 64;
constexpr std::uint64_t max_yaml_bytes = 1 << 20;
constexpr int max_yaml_values = 100'000;

Json scalar_from_yaml(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  if (const auto integer = parse_number<std::int64_t>(text)) return *integer;
  if (const auto number = parse_number<double>(text)) return *number;
  return text;
}

/// One document on its way from YAML to Json. An alias is written out wherever it stands, so that a
/// few bytes may stand for any number of values: they are counted.
class YamlDocument {
 public:
  explicit YamlDocument(std::string place) : place_(std::move(place)) {}

  Json json(const YAML::Node& node, int depth = 0) {
    if (depth > max_depth) {
      throw FormatError("yaml", fmt::format("{}: nested deeper than {} levels", place_, max_depth));
    }
    if (++values_ > max_yaml_values) {
      throw FormatError("yaml", fmt::format("{}: more than {} values", place_, max_yaml_values));
    }
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return scalar_from_yaml(node);
      case YAML::NodeType::Sequence: {
        Json list = Json::array();
        for (const YAML::Node& element : node) list.push_back(json(element, depth + 1));
        return list;
      }
      case YAML::NodeType::Map:
        return object(node, depth);
      default:
        return nullptr;
    }
  }

 private:
  Json object(const YAML::Node& node, int depth) {
    Json object = Json::object();
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      if (object.contains(key)) {
        throw FormatError("yaml", fmt::format("{}:{}: the key '{}' stands twice", place_,
                                              entry.first.Mark().line + 1, key));
      }
      object[key] = json(entry.second, depth + 1);
    }
    return object;
  }

  std::string place_;
  int values_ = 0;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& place) {
  // The parser keeps its own stack, but what it builds is walked recursively later on.
  const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > max_depth) {
      throw FormatError("json", fmt::format("{}: nested deeper than {} levels", place, max_depth));
    }
    return true;
  };
  try {
    return Json::parse(text, shallow);
  } catch (const Json::exception& error) {
    throw FormatError("json", fmt::format("{}: not valid JSON ({})", place, error.what()));
  }
}

Json read_json(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  if (!text.empty()) expect_file_kind(file, text, FileKind::other);
  return parse_json(text, file.string());
}

Json read_yaml(const std::filesystem::path& file) {
  const std::string text = read_file(file, max_yaml_bytes);
  try {
    return YamlDocument(file.string()).json(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    throw FormatError("yaml", fmt::format("{}:{}:{}: {}", file.string(), error.mark.line + 1,
                                          error.mark.column + 1, error.msg));
  }
}

std::string to_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Fields::Fields(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
  if (!object_.is_object()) {
    throw FormatError({place_, "an object (key: value)", object_.type_name(), ""});
  }
}

bool Fields::has(const std::string& key) const {
  const auto found = object_.find(key);
  return found != object_.end() && !found->is_null();
}

bool Fields::is_given(const std::string& key) {
  seen_.insert(key);
  return has(key);
}

const Json& Fields::value(const std::string& key) {
  seen_.insert(key);
  const auto found = object_.find(key);
  if (found == object_.end()) {
    throw FormatError({fmt::format("{}: the key '{}' is missing", place_, key), "", "", ""});
  }
  return *found;
}

Fields Fields::object(const std::string& key) {
  return Fields(value(key), fmt::format("{}: {}", place_, key));
}

void Fields::refuse_unknown() const {
  for (const auto& [key, value] : object_.items()) {
    if (seen_.contains(key)) continue;
    const std::vector<std::string> known(seen_.begin(), seen_.end());
    throw FormatError(
        {fmt::format("{}: unknown key '{}'", place_, key), "", "", suggestion(key, known)});
  }
}

void Fields::refuse(const std::string& key, std::string_view expected, const Json& found) const {
  std::string text = to_text(found);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  throw FormatError({fmt::format("{}: the key '{}' has a wrong value", place_, key),
                     std::string(expected), text, ""});
}

void for_each_json_line(
    std::string_view text, const std::string& name,
    const std::function<void(const Json& value, const std::string& place)>& use) {
  int number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string place = fmt::format("{}:{}", name, number);
    use(parse_data_json(line, place), place);
  }
}

}  // namespace austeer
