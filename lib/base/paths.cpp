#include "base/paths.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/names.hpp"

namespace austeer {

std::vector<std::string> config_names(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const std::filesystem::path file : list_folder(folder)) {
    if (file.extension() == ".yaml") names.push_back(file.stem().string());
  }
  std::sort(names.begin(), names.end());  // without ".yaml" the order may be another
  return names;
}

std::filesystem::path config_file(std::string_view kind, const std::string& name,
                                  const std::filesystem::path& folder) {
  const std::vector<std::string> names = config_names(folder);
  if (!std::binary_search(names.begin(), names.end(), name)) {
    throw UsageError("config", fmt::format("unknown {} '{}'", kind, name), suggestion(name, names));
  }
  return folder / (name + ".yaml");
}

std::string environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

std::filesystem::path project_folder(const std::string& name) {
  if (const std::string root = environment("AUSTEER_ROOT"); !root.empty()) {
    return std::filesystem::path(root) / name;
  }
  std::error_code error;
  const std::filesystem::path binary = std::filesystem::read_symlink("/proc/self/exe", error);
  for (std::filesystem::path folder = binary.parent_path(); !error; folder = folder.parent_path()) {
    if (std::filesystem::exists(folder / "configs" / "tasks")) return folder / name;
    if (folder == folder.parent_path()) break;
  }
  throw FileError(
      "paths",
      fmt::format("the folder '{}' of the project was not found above {}", name, binary.string()),
      "Set AUSTEER_ROOT to the folder that holds configs/ and datasets/");
}

std::filesystem::path home_folder() {
  if (const std::string home = environment("AUSTEER_HOME"); !home.empty()) return home;
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty()) {
    return std::filesystem::path(cache) / "austeer";
  }
  return std::filesystem::path(environment("HOME")) / ".cache" / "austeer";
}

}  // namespace austeer
