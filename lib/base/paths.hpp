#pragma once
// Where things live on this machine: the project's own configs and datasets, the user's cache.

#include <filesystem>
#include <string>

namespace austeer {

/// `name` ("configs", "datasets") of the source tree: below $AUSTEER_ROOT if set, else below the
/// nearest folder above the running binary that has it. Throws FileError when neither does.
std::filesystem::path project_folder(const std::string& name);

/// Where fetched models and datasets are kept: $AUSTEER_HOME, else $XDG_CACHE_HOME/austeer, else
/// ~/.cache/austeer. Not created here.
std::filesystem::path home_folder();

/// The value of an environment variable, or "" when it is not set.
std::string environment(const std::string& name);

}  // namespace austeer
