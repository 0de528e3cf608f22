#include "base/config_files.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/suggest.hpp"

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

}  // namespace austeer
