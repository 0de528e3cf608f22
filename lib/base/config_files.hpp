#pragma once
// Folders of NAME.yaml files: what is in them, and the file that belongs to a name.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

/// The names of the `NAME.yaml` files in `folder`, sorted. Throws FileError when it is missing.
std::vector<std::string> config_names(const std::filesystem::path& folder);

/// The file `folder/NAME.yaml`. Throws UsageError, with the nearest known name, when there is none;
/// `kind` ("model", "dataset") says what was looked for.
std::filesystem::path config_file(std::string_view kind, const std::string& name,
                                  const std::filesystem::path& folder);

}  // namespace austeer
