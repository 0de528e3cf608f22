#include "models/hub_cache.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/names.hpp"
#include "base/paths.hpp"
#include "models/model_files.hpp"
#include "tensors/gguf_split.hpp"

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

}  // namespace austeer
