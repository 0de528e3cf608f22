#include "base/config_files.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/suggest.hpp"

namespace austeer {

std::vector<std::string> config_names(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  if (error) {
    throw FileError("config",
                    fmt::format("cannot list the folder {}: {}", folder.string(), error.message()));
  }
  std::sort(names.begin(), names.end());
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

bool is_plain_name(std::string_view name) {
  constexpr std::string_view allowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= 200 && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_inner_path(std::string_view path) {
  const bool odd = std::any_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7f;
  });
  if (path.empty() || path.size() > 1000 || odd) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace austeer
