#include "base/paths.hpp"

#include <cstdlib>
#include <fmt/format.h>

#include "base/error.hpp"

namespace austeer {

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
