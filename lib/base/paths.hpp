#pragma once
// Where things live on this machine: the project's own configs and datasets, the user's cache.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

// Folders of NAME.yaml files: what is in them, and the file that belongs to a name.

/// The names of the `NAME.yaml` files in `folder`, sorted. Throws FileError when it is missing.
std::vector<std::string> config_names(const std::filesystem::path& folder);

/// The file `folder/NAME.yaml`. Throws UsageError, with the nearest known name, when there is none;
/// `kind` ("model", "dataset") says what was looked for.
std::filesystem::path config_file(std::string_view kind, const std::string& name,
                                  const std::filesystem::path& folder);

/// `name` ("configs", "datasets") of the source tree: below $AUSTEER_ROOT if set, else below the
/// nearest folder above the running binary that has it. Throws FileError when neither does.
std::filesystem::path project_folder(const std::string& name);

/// Where fetched models and datasets are kept: $AUSTEER_HOME, else $XDG_CACHE_HOME/austeer, else
/// ~/.cache/austeer. Not created here.
std::filesystem::path home_folder();

/// The value of an environment variable, or "" when it is not set.
std::string environment(const std::string& name);

}  // namespace austeer
