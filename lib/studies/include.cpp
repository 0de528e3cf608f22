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
StudyDocument read(const std::filesystem::path& file, std::vector<std::filesystem::path>& open) {
  const std::filesystem::path here = std::filesystem::weakly_canonical(file);
  if (std::ranges::find(open, here) != open.end()) {
    throw FormatError("study", fmt::format("{}: the file includes itself", file.string()));
  }
  open.push_back(here);
  Json document = read_yaml(file);
  StudyDocument whole{Json::object(), Fields(document, file.string()).has("include")};
  for (const std::string& name : included(document, file)) {
    merge_keys(whole.merged, read(file.parent_path() / name, open).merged);
  }
  document.erase("include");
  merge_keys(whole.merged, document);
  open.pop_back();
  return whole;
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

StudyDocument read_with_includes(const std::filesystem::path& file) {
  std::vector<std::filesystem::path> open;
  return read(file, open);
}

}  // namespace austeer
