#include "studies/include.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <vector>

namespace austeer {
namespace {

std::vector<std::string> included(const Json& document, const std::filesystem::path& file) {
  Fields fields(document, file.string());
  if (!fields.has("include")) return {};
  if (document.at("include").is_string()) return {fields.required<std::string>("include")};
  return fields.required<std::vector<std::string>>("include");
}

/// `open` has the files that are being read, outermost first.
Json read(const std::filesystem::path& file, std::vector<std::filesystem::path>& open) {
  const std::filesystem::path here = std::filesystem::weakly_canonical(file);
  if (std::ranges::find(open, here) != open.end()) {
    throw FormatError("study", fmt::format("{}: the file includes itself", file.string()));
  }
  open.push_back(here);
  Json document = read_yaml(file);
  Json merged = Json::object();
  for (const std::string& name : included(document, file)) {
    merge_keys(merged, read(file.parent_path() / name, open));
  }
  document.erase("include");
  merge_keys(merged, document);
  open.pop_back();
  return merged;
}

}  // namespace

void merge_keys(Json& into, const Json& from) {
  for (const auto& [key, value] : from.items()) {
    if (value.is_object() && into.contains(key) && into[key].is_object()) {
      merge_keys(into[key], value);
    } else {
      into[key] = value;
    }
  }
}

Json read_with_includes(const std::filesystem::path& file) {
  std::vector<std::filesystem::path> open;
  return read(file, open);
}

}  // namespace austeer
