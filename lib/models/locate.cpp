#include "models/locate.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "base/paths.hpp"
#include "base/suggest.hpp"
#include "models/hub_cache.hpp"
#include "models/model_files.hpp"

namespace austeer {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

/// What the weights take, where the manifest says it: " (12.6 GiB on disk, about as much memory)".
std::string size_of(const ModelManifest& manifest) {
  if (manifest.weights_bytes == 0) return "";
  return fmt::format(" ({} on disk, about as much memory)", human_bytes(manifest.weights_bytes));
}

/// Whether all that `manifest` lists has been fetched; a folder fills file by file.
bool is_fetched(const ModelManifest& manifest, const fs::path& home) {
  if (!manifest.source) return false;
  const fs::path folder = fetched_model_folder(manifest, home);
  return std::ranges::all_of(manifest.source->files,
                             [&](const ModelFile& file) { return is_there(folder / file.file); });
}

/// The fetched model or its snapshot in the hub cache.
fs::path path_of(const ModelManifest& manifest, const fs::path& home) {
  if (is_fetched(manifest, home)) return fetched_model(manifest, home);
  const auto hub = parse_hub_name(manifest.hub);
  if (const auto cached = hub ? find_in_hub_cache(*hub) : std::nullopt) return *cached;
  const std::string hint = manifest.source
                               ? fmt::format("Run: austeer fetch model {}", manifest.name)
                               : fmt::format("Run: hf download {}{}, or pass its folder",
                                             manifest.hub, size_of(manifest));
  throw FileError("model", fmt::format("the model '{}' is not on this machine", manifest.name),
                  hint);
}

std::vector<std::string> names_of(ModelKind kind, const fs::path& configs_folder) {
  std::vector<std::string> names = model_manifest_names(configs_folder);
  std::erase_if(names, [&](const std::string& name) {
    return load_model_manifest(name, configs_folder).kind != kind;
  });
  return names;
}

std::string in_words(ModelKind kind) {
  return kind == ModelKind::decoder ? "a decoder, which continues texts"
                                    : "an encoder, which turns texts into vectors";
}

/// Refuses a model that `spec` names well, but that is of the other kind than `wanted`.
void check_kind(const std::string& spec, const ModelManifest& manifest, ModelKind wanted,
                const fs::path& configs_folder) {
  if (manifest.kind == wanted) return;
  throw UsageError({fmt::format("[model] '{}' is of the wrong kind", spec), in_words(wanted),
                    in_words(manifest.kind),
                    fmt::format("Of the right kind are: {}",
                                fmt::join(names_of(wanted, configs_folder), ", "))});
}

/// What configs/models/ says of a folder or file, when it is a model that is known there.
std::optional<ModelManifest> manifest_of(const fs::path& path, const std::string& hub_name,
                                         const fs::path& configs_folder, const fs::path& home) {
  for (const std::string& name : model_manifest_names(configs_folder)) {
    ModelManifest manifest = load_model_manifest(name, configs_folder);
    const bool same_path = manifest.source && fs::weakly_canonical(fetched_model(manifest, home)) ==
                                                  fs::weakly_canonical(path);
    if (same_path || manifest.hub == hub_name) return manifest;
  }
  return std::nullopt;
}

/// What `spec` names by a manifest's name or by org/name, of kind `wanted`.
ModelLocation locate_named(const std::string& spec, ModelKind wanted,
                           const fs::path& configs_folder, const fs::path& home) {
  const std::vector<std::string> names = model_manifest_names(configs_folder);
  if (std::ranges::find(names, spec) != names.end()) {
    const ModelManifest manifest = load_model_manifest(spec, configs_folder);
    check_kind(spec, manifest, wanted, configs_folder);
    return {path_of(manifest, home), manifest};
  }
  if (const auto hub = parse_hub_name(spec)) {
    const auto cached = find_in_hub_cache(*hub);
    if (!cached) {
      throw FileError(
          "model",
          fmt::format("'{}' is neither a model folder nor in the Hugging Face cache {}", spec,
                      hub_cache_folder().string()),
          fmt::format("Run: hf download {}, or pass a folder with config.json", hub->repository));
    }
    const auto manifest = manifest_of(*cached, hub->repository, configs_folder, home);
    if (manifest) check_kind(spec, *manifest, wanted, configs_folder);
    return {*cached, manifest};
  }
  if (is_there(spec)) {
    throw UsageError(
        "model",
        fmt::format("{} is no {}", spec, wanted == ModelKind::decoder ? "model" : "encoder"),
        fmt::format("A model is a folder with config.json and *.safetensors{}",
                    wanted == ModelKind::decoder ? ", or a GGUF file" : ""));
  }
  throw UsageError("model", fmt::format("unknown model '{}'", spec),
                   suggestion(spec, names_of(wanted, configs_folder)));
}

}  // namespace

ModelLocation locate_model(const std::string& spec, const fs::path& configs_folder,
                           const fs::path& home) {
  if (const auto found = model_files(spec)) {
    if (fs::is_directory(*found)) return {*found, {}};
    return {*found, manifest_of(*found, "", configs_folder, home)};
  }
  return locate_named(spec, ModelKind::decoder, configs_folder, home);
}

fs::path locate_encoder(const std::string& name_or_folder, const fs::path& configs_folder,
                        const fs::path& home) {
  const auto found = model_files(name_or_folder);
  if (found && fs::is_directory(*found)) return *found;
  return locate_named(name_or_folder, ModelKind::encoder, configs_folder, home).path;
}

}  // namespace austeer
