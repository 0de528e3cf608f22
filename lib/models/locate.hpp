#pragma once
// From what a user writes to name a model to files on this machine.

#include <filesystem>
#include <optional>
#include <string>

#include "models/manifest.hpp"

namespace austeer {

struct ModelLocation {
  std::filesystem::path path;             ///< a Hugging Face folder or a GGUF file
  std::optional<ModelManifest> manifest;  ///< where configs/models/ knows the model
};

/// Finds a decoder: what model_files finds at `spec`, a name of `configs_folder`/models (what was
/// fetched below `home`, else its hub name), or `org/name`, with a revision and a GGUF file where
/// they are named, in the local Hugging Face cache (see HubName). Throws UsageError for a name that
/// nobody knows or an encoder's, FileError for a model that is not here, with how to get it; what
/// find_in_hub_cache() throws.
ModelLocation locate_model(const std::string& spec, const std::filesystem::path& configs_folder,
                           const std::filesystem::path& home);

/// Finds the folder, with config.json, of an encoder: as given, the fetched one of a manifest of
/// kind encoder, or `org/name` in the local Hugging Face cache. Throws UsageError for a name that
/// nobody knows or a decoder's, FileError for an encoder that is not here, with how to get it.
std::filesystem::path locate_encoder(const std::string& name_or_folder,
                                     const std::filesystem::path& configs_folder,
                                     const std::filesystem::path& home);

}  // namespace austeer
