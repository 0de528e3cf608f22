#include "models/locate.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/memory.hpp"
#include "base/names.hpp"
#include "base/paths.hpp"
#include "base/utf8.hpp"
#include "models/model_files.hpp"
#include "tensors/gguf.hpp"

namespace austeer {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_listed = 20;
constexpr int deepest_folder = 4;  // of a repository that is looked through
constexpr std::size_t shown_digits = 12;

bool exists_at(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// The variable that `text` opens with ("$NAME", "${NAME}"), and how many letters that takes; 0
/// where it is none.
std::pair<std::string, std::size_t> variable_at(std::string_view text) {
  if (text.starts_with("${")) {
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) return {"", 0};
    return {std::string(text.substr(2, end - 2)), end + 1};
  }
  std::size_t end = 1;
  while (end < text.size() && is_name_character(text[end])) ++end;
  return {std::string(text.substr(1, end - 1)), end > 1 ? end : 0};
}

/// `text` with the user's folder for a leading ~ and values for variables that are set.
fs::path expanded(std::string text) {
  if (text == "~" || text.starts_with("~/")) text = environment("HOME") + text.substr(1);
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto [name, length] = text[i] == '$' ? variable_at(std::string_view(text).substr(i))
                                               : std::pair<std::string, std::size_t>();
    const std::string value = length > 0 ? environment(name) : "";
    result += value.empty() ? text.substr(i, std::max<std::size_t>(length, 1)) : value;
    i += std::max<std::size_t>(length, 1);
  }
  return result;
}

fs::path repository_folder(const std::string& repository) {
  std::string folder = "models--" + repository;
  folder.replace(folder.find('/'), 1, "--");
  return hub_cache_folder() / folder;
}

/// The names of the entries of `folder`, none where it is not there.
std::vector<std::string> entries_of(const fs::path& folder) {
  return exists_at(folder) ? list_folder(folder) : std::vector<std::string>();
}

/// Files below `folder` that `accept` takes, by their paths from there, sorted.
template <typename Accept>
std::vector<std::string> files_below(const fs::path& folder, Accept accept) {
  std::vector<std::string> found;
  std::error_code error;
  fs::recursive_directory_iterator place(folder, error);
  for (; !error && place != fs::recursive_directory_iterator(); place.increment(error)) {
    if (place.depth() >= deepest_folder) place.disable_recursion_pending();
    if (!place->is_regular_file(error) || !accept(place->path())) continue;
    found.push_back(place->path().lexically_relative(folder).string());
  }
  std::ranges::sort(found);
  return found;
}

std::string listed(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  const auto count = static_cast<std::ptrdiff_t>(std::min(names.size(), most_listed));
  return fmt::format("{}{}", fmt::join(names.begin(), names.begin() + count, ", "),
                     names.size() > most_listed ? ", …" : "");
}

/// The commit that a branch or tag has in refs/; "" where there is none of the name.
std::string commit_of(const fs::path& repository, const std::string& reference) {
  const fs::path file = repository / "refs" / reference;
  std::error_code error;
  if (!is_inner_path(reference) || !fs::is_regular_file(file, error)) return "";
  std::string commit = read_file(file, 1 << 10);
  std::erase_if(commit, [](unsigned char c) { return std::isalnum(c) == 0; });
  return commit;
}

/// "main (1a2b…), v1.0 (3c4d…)" and the commits that no name has.
std::string revisions_in(const fs::path& repository) {
  std::vector<std::string> revisions;
  const std::vector<std::string> commits = entries_of(repository / "snapshots");
  std::vector<std::string> unnamed = commits;
  for (const std::string& name :
       files_below(repository / "refs", [](const fs::path&) { return true; })) {
    const std::string commit = commit_of(repository, name);
    if (std::ranges::find(commits, commit) == commits.end()) continue;
    revisions.push_back(fmt::format("{} ({})", name, commit.substr(0, shown_digits)));
    std::erase(unnamed, commit);
  }
  for (const std::string& commit : unnamed) revisions.push_back(commit.substr(0, shown_digits));
  return listed(revisions);
}

/// The folder of the snapshot that `name` asks for.
fs::path snapshot_of(const HubName& name, const fs::path& repository) {
  const std::string revision = name.revision.empty() ? "main" : name.revision;
  const std::vector<std::string> snapshots = entries_of(repository / "snapshots");
  std::vector<std::string> commits = {commit_of(repository, revision)};
  if (commits.front().empty()) {
    commits = snapshots;
    std::erase_if(commits,
                  [&](const std::string& commit) { return !commit.starts_with(revision); });
  }
  if (commits.size() > 1) {
    throw UsageError(
        {fmt::format("[model] '{}@{}' could be several commits", name.repository, revision),
         "the beginning of one", listed(commits), "Write more of its digits"});
  }
  if (commits.empty() || std::ranges::find(snapshots, commits.front()) == snapshots.end()) {
    throw FileError({fmt::format("[model] the revision '{}' of {} is not in the Hugging Face cache "
                                 "{}",
                                 revision, name.repository, hub_cache_folder().string()),
                     "", "there are " + revisions_in(repository),
                     fmt::format("Name one of them, {}@REVISION, or download it with the Hugging "
                                 "Face tools",
                                 name.repository)});
  }
  return repository / "snapshots" / commits.front();
}

/// The GGUF files of `snapshot` that are models: of a split one the first part, and not what a
/// model sees pictures with.
std::vector<std::string> gguf_models_in(const fs::path& snapshot) {
  return files_below(snapshot, [](const fs::path& file) {
    const std::string name = file.filename().string();
    const auto part = parse_gguf_part_name(name);
    return file.extension() == ".gguf" && (!part || part->number == 1) &&
           !lower_ascii(name).starts_with("mmproj");
  });
}

/// Whether the file at `path` is meant by `asked`: its name, or what its name ends in.
bool is_meant(const std::string& path, const std::string& asked) {
  if (path == asked || fs::path(path).filename() == asked) return true;
  const auto part = parse_gguf_part_name(fs::path(path).filename().string());
  const std::string stem = lower_ascii(part ? part->stem : fs::path(path).stem().string());
  const std::string ending = lower_ascii(asked);
  if (!stem.ends_with(ending) || stem.size() <= ending.size()) return stem == ending;
  return std::string_view("-._").find(stem[stem.size() - ending.size() - 1]) !=
         std::string_view::npos;
}

fs::path gguf_file_in(const fs::path& snapshot, const HubName& name) {
  const std::vector<std::string> all = gguf_models_in(snapshot);
  std::vector<std::string> meant = all;
  if (!name.gguf_file.empty()) {
    std::erase_if(meant, [&](const std::string& file) { return !is_meant(file, name.gguf_file); });
  }
  if (meant.size() == 1) return snapshot / meant.front();
  if (all.empty()) {
    throw FileError({fmt::format("[model] {} holds no model", snapshot.string()),
                     "config.json with *.safetensors, or .gguf files", listed(entries_of(snapshot)),
                     "Download the rest with the Hugging Face tools"});
  }
  const std::string what = meant.empty() ? fmt::format("no GGUF file of {} is called '{}'",
                                                       name.repository, name.gguf_file)
                                         : fmt::format("{} holds several models", name.repository);
  throw UsageError(
      {"[model] " + what, "", listed(meant.empty() ? all : meant),
       fmt::format("Name one of them: {}:FILE.gguf, or what its name ends in", name.repository)});
}

}  // namespace

std::optional<HubName> parse_hub_name(const std::string& spec) {
  const std::size_t colon = spec.find(':');
  const std::string before = spec.substr(0, colon);
  const std::size_t at = before.find('@');
  HubName name{before.substr(0, at)};
  if (at != std::string::npos) name.revision = before.substr(at + 1);
  if (colon != std::string::npos) name.gguf_file = spec.substr(colon + 1);
  const std::string& repository = name.repository;
  if (std::ranges::count(repository, '/') != 1) return std::nullopt;
  if (repository.front() == '/' || repository.front() == '.' || repository.back() == '/') {
    return std::nullopt;
  }
  const bool is_revision = at == std::string::npos || is_inner_path(name.revision);
  const bool is_file = colon == std::string::npos || is_inner_path(name.gguf_file);
  return is_revision && is_file ? std::optional(name) : std::nullopt;
}

fs::path hub_cache_folder() {
  for (const char* variable : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (const std::string cache = environment(variable); !cache.empty()) return expanded(cache);
  }
  if (const std::string home = environment("HF_HOME"); !home.empty()) return expanded(home) / "hub";
  const std::string caches = environment("XDG_CACHE_HOME");
  return expanded(caches.empty() ? "~/.cache" : caches) / "huggingface" / "hub";
}

std::optional<fs::path> find_in_hub_cache(const HubName& name) {
  const fs::path repository = repository_folder(name.repository);
  if (entries_of(repository / "snapshots").empty()) return std::nullopt;
  const fs::path snapshot = snapshot_of(name, repository);
  if (!name.gguf_file.empty()) return gguf_file_in(snapshot, name);
  // Repositories of GGUF files often have a config.json beside them.
  const bool has_folder_model = std::ranges::any_of(
      entries_of(snapshot), [](const std::string& file) { return file.ends_with(".safetensors"); });
  if (!has_folder_model && !gguf_models_in(snapshot).empty()) return gguf_file_in(snapshot, name);
  if (const auto found = model_files(snapshot)) return found;
  return gguf_file_in(snapshot, name);
}

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
