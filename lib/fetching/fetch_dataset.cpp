// fetch_dataset(): plain files and archive members over libcurl, and files made of them, one
// dataset folder at a time.

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <optional>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/http.hpp"
#include "base/locks.hpp"
#include "fetching/archive.hpp"
#include "fetching/dataset_manifest.hpp"
#include "fetching/fetch.hpp"
#include "fetching/fetched_file.hpp"

namespace austeer {
namespace {

constexpr std::int64_t largest_file = std::int64_t{1} << 30;

std::filesystem::path with_suffix(const std::filesystem::path& file, const char* suffix) {
  return file.string() + suffix;
}

/// The archives of one fetch: several members of one archive need one download.
class Archives {
 public:
  explicit Archives(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path get(const std::string& url) {
    if (const auto found = archives_.find(url); found != archives_.end()) return found->second;
    const std::filesystem::path file =
        folder_ / fmt::format(".archive-{}.partial", removals_.size());
    removals_.push_back(std::make_unique<RemoveAtEnd>(file));
    download(url, file, {.resume = false, .max_bytes = largest_file});
    archives_[url] = file;
    return file;
  }

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::filesystem::path> archives_;
  std::vector<std::unique_ptr<RemoveAtEnd>> removals_;
};

/// The hash that FILE.sha256 recorded on first use, if there is one.
std::optional<std::string> recorded_sha256(const std::filesystem::path& file) {
  const std::filesystem::path record = with_suffix(file, ".sha256");
  if (!std::filesystem::exists(record)) return std::nullopt;
  return read_file(record).substr(0, 64);
}

std::optional<std::string> expected_sha256(const DatasetFile& entry,
                                           const std::filesystem::path& file) {
  if (!entry.sha256.empty()) return entry.sha256;
  return recorded_sha256(file);
}

void write_record(const std::filesystem::path& file, const std::string& sha256) {
  write_file(with_suffix(file, ".sha256"),
             fmt::format("{}  {}\n", sha256, file.filename().string()));
}

void record_first_use(const std::filesystem::path& file, const std::string& sha256,
                      FetchReport& report) {
  write_record(file, sha256);
  report.warnings.push_back(
      fmt::format("{}: the manifest knows no sha256 for this file. What is there now ({}) is "
                  "recorded in {}.sha256 and checked from now on",
                  file.string(), sha256, file.filename().string()));
}

/// Brings `entry` from `url` to `partial`; returns its hash. Throws FileError when nothing whole
/// came, and FormatError when what came is not the file that is meant.
std::string bring_from(const std::string& url, const DatasetFile& entry,
                       const std::filesystem::path& partial,
                       const std::optional<std::string>& expected, Archives& archives) {
  const std::int64_t limit = entry.bytes.value_or(largest_file);
  if (entry.member.empty()) {
    download(url, partial, {.resume = expected.has_value(), .max_bytes = limit});
  } else {
    extract_member(archives.get(url), entry.member, partial, limit);
  }
  if (entry.bytes) check_size(partial, *entry.bytes, "");
  return check_sha256(partial, expected, "");
}

std::string failure_line(const std::string& url, const Error& error) {
  const std::string reason = error.what();
  const bool named = reason.find(url) != std::string::npos;
  return "\n" + (named ? reason : fmt::format("{}: {}", url, reason));
}

/// FormatError when an address answered with another file, FileError when none gave a whole one.
[[noreturn]] void refuse(const DatasetFile& entry, const DatasetManifest& manifest,
                         const std::string& failures, bool wrong_file) {
  const ErrorParts parts{
      fmt::format("[fetch] {}: no address gave {}{}", manifest.name, entry.file, failures), "", "",
      fmt::format("{}{}Run again; if it stays so, compare with {}", manifest.notes,
                  manifest.notes.empty() ? "" : " ", manifest.homepage)};
  if (wrong_file) throw FormatError(parts);
  throw FileError(parts);
}

/// Brings `entry` to `file`, which does not exist yet, from the first address that gives the right
/// one; returns its hash. What a broken transfer from the last address left is kept, to continue.
std::string bring(const DatasetFile& entry, const std::filesystem::path& file, Archives& archives,
                  const DatasetManifest& manifest) {
  const std::filesystem::path partial = with_suffix(file, ".partial");
  const std::optional<std::string> expected = expected_sha256(entry, file);
  std::string failures;
  bool wrong_file = false;
  std::error_code ignored;
  for (const std::string& url : entry.urls) {
    if (!failures.empty()) std::filesystem::remove(partial, ignored);
    std::string found;
    try {
      found = bring_from(url, entry, partial, expected, archives);
    } catch (const FileError& error) {
      failures += failure_line(url, error);
      continue;
    } catch (const FormatError& error) {
      failures += failure_line(url, error);
      wrong_file = true;
      std::filesystem::remove(partial, ignored);
      continue;
    }
    put_in_place(partial, file);
    return found;
  }
  refuse(entry, manifest, failures, wrong_file);
}

std::string check_present(const DatasetFile& entry, const std::filesystem::path& file) {
  const std::string hint =
      fmt::format("It is another file than the manifest means; move it away{} to fetch it anew",
                  entry.sha256.empty() ? ", with its .sha256," : "");
  return check_sha256(file, expected_sha256(entry, file), hint);
}

/// One fetch of one dataset: what is in its folder by now.
class DatasetFetch {
 public:
  DatasetFetch(const DatasetManifest& manifest, std::filesystem::path folder)
      : manifest_(manifest), folder_(std::move(folder)), archives_(folder_) {}

  /// Brings `entry`, or checks what is there.
  void bring_file(const DatasetFile& entry) {
    const std::filesystem::path file = folder_ / entry.file;
    const bool present = std::filesystem::exists(file);
    const std::string found =
        present ? check_present(entry, file) : bring(entry, file, archives_, manifest_);
    if (!expected_sha256(entry, file)) record_first_use(file, found, report_);
    report_.files.push_back({file, found, !present});
  }

  /// Makes the step's file, or checks what is there against its record, or without one against what
  /// the step makes.
  void make_file(const DatasetStep& step) {
    const std::filesystem::path file = folder_ / step.file;
    const bool present = std::filesystem::exists(file);
    const std::optional<std::string> recorded = recorded_sha256(file);
    if (present && recorded) {
      report_.files.push_back({file, check_sha256(file, recorded, hint_of(step)), false});
      return;
    }
    const std::filesystem::path source = folder_ / step.from;
    if (std::ranges::find(report_.files, source, &FetchedFile::file) == report_.files.end()) {
      bring_file(*std::ranges::find(manifest_.files, step.from, &DatasetFile::file));
    }
    const std::filesystem::path partial = with_suffix(file, ".partial");
    const RemoveAtEnd removal(partial);
    convert_file(step, source, partial);
    const std::string made = check_sha256(partial, recorded, hint_of(step));
    if (present) {
      check_sha256(file, made, hint_of(step));
    } else {
      put_in_place(partial, file);
    }
    write_record(file, made);
    report_.files.push_back({file, made, !present});
  }

  /// Brings `entry`; where no address gives it, makes it as `step` says.
  void bring_or_make(const DatasetFile& entry, const DatasetStep& step) {
    std::string failure;
    try {
      return bring_file(entry);
    } catch (const FileError& error) {
      failure = error.what();
    } catch (const FormatError& error) {
      if (std::filesystem::exists(folder_ / entry.file)) throw;
      failure = error.what();
    }
    const auto both = [&](const Error& error) {
      return fmt::format("{}\nNor could it be made of {}: {}", failure, step.from, error.what());
    };
    try {
      make_file(step);
    } catch (const FileError& error) {
      throw FileError("fetch", both(error));
    } catch (const FormatError& error) {
      throw FormatError("fetch", both(error));
    }
    report_.warnings.push_back(fmt::format("{}\nIt was made of {} instead", failure, step.from));
  }

  const FetchReport& report() const { return report_; }

 private:
  std::string hint_of(const DatasetStep& step) const {
    return fmt::format(
        "It is another file than the manifest makes of {}; move it away, with its "
        ".sha256 if it has one, to have it made anew",
        step.from);
  }

  const DatasetManifest& manifest_;
  std::filesystem::path folder_;
  Archives archives_;
  FetchReport report_;
};

}  // namespace

FetchReport fetch_dataset(const std::string& name, const std::filesystem::path& manifests_folder,
                          const std::filesystem::path& datasets_folder) {
  const DatasetManifest manifest = load_dataset_manifest(name, manifests_folder);
  const std::filesystem::path folder = datasets_folder / manifest.folder;
  for (const DatasetFile& entry : manifest.files) {
    if (entry.registration.empty() || std::filesystem::exists(folder / entry.file)) continue;
    throw FileError("fetch",
                    fmt::format("{}: {} is not there, and its authors give it only to those who "
                                "ask at {}",
                                manifest.name, (folder / entry.file).string(), entry.registration),
                    manifest.notes);
  }
  make_folder(folder);
  const FolderLock lock(folder);
  DatasetFetch fetch(manifest, folder);
  for (const DatasetFile& entry : manifest.files) {
    if (manifest.is_source(entry.file)) continue;
    const DatasetStep* step = manifest.step_for(entry.file);
    step == nullptr ? fetch.bring_file(entry) : fetch.bring_or_make(entry, *step);
  }
  for (const DatasetStep& step : manifest.convert) {
    const auto brought = std::ranges::find(manifest.files, step.file, &DatasetFile::file);
    if (brought == manifest.files.end()) fetch.make_file(step);
  }
  return fetch.report();
}

}  // namespace austeer
