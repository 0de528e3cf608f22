#pragma once
// From what a user writes to name a model to files on this machine.

#include <filesystem>
#include <optional>
#include <string>

#include "models/manifest.hpp"

namespace austeer {

// The local cache of the Hugging Face hub, as huggingface_hub lays it out: a folder per repository,
// refs/ with the commit of each branch and tag, snapshots/ with the files of each commit.

/// "org/name", "org/name@REVISION", "org/name:FILE.gguf" or both, revision first.
struct HubName {
  std::string repository;      ///< "org/name"
  std::string revision = {};   ///< a branch, a tag, a commit or its beginning; "": main
  std::string gguf_file = {};  ///< a GGUF file's name, or what it ends in ("Q4_K_M"); "": none
};

/// What `spec` names, or nothing where it is written otherwise.
std::optional<HubName> parse_hub_name(const std::string& spec);

/// The cache's folder: $HF_HUB_CACHE, $HUGGINGFACE_HUB_CACHE, $HF_HOME/hub,
/// $XDG_CACHE_HOME/huggingface/hub or ~/.cache/huggingface/hub, the first that is set, in which a
/// leading ~ and variables ($NAME, ${NAME}) are replaced, as huggingface_hub does.
std::filesystem::path hub_cache_folder();

/// The model of `name` in the cache: the snapshot's folder where that has a config.json and no GGUF
/// file is named, else its one GGUF file, of a split one the first part. Nothing where no snapshot
/// of the repository is there. Throws FileError for a revision or a file that is not there, and
/// UsageError where several would do, each with what there is.
std::optional<std::filesystem::path> find_in_hub_cache(const HubName& name);

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
