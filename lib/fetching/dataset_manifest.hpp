#pragma once
// Dataset manifests, datasets/manifests/NAME.yaml: the files of a dataset, where its authors
// publish them, what they hash to, and under which terms.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.hpp"

namespace austeer {

/// One file that fetch brings.
struct DatasetFile {
  std::string file;               ///< name in the dataset's folder
  std::vector<std::string> urls;  ///< addresses, tried in this order; none with a registration
  std::string registration;       ///< where people ask for the file; "": it is there for all
  std::string member;             ///< path inside the archive at `urls`; "" for a plain file
  std::string sha256;             ///< of `file`; "" where the manifest says `unverified`
  std::optional<std::int64_t> bytes;
};

/// One file that is made of another one of the same dataset.
struct DatasetStep {
  std::string file;  ///< name in the dataset's folder
  std::string from;  ///< a DatasetFile's name: .json, .jsonl, .csv or .parquet
  /// What datasets/convert.py is told: records and, where they are wanted, pick, first, skip, split
  /// and fields, as in the manifest; a `rest_of` is the other step's pick, turned round.
  Json how;
};

/// What to cite.
struct Citation {
  std::string key;
  std::string authors;
  std::string title;
  std::string venue;
  std::int64_t year = 0;
};

void describe(auto& visit, SettingsOf<Citation> auto& citation) {
  visit(citation.key, {.key = "key", .required = true});
  visit(citation.authors, {.key = "authors", .required = true});
  visit(citation.title, {.key = "title", .required = true});
  visit(citation.venue, {.key = "venue", .required = true});
  visit(citation.year, {.key = "year", .required = true});
}

struct DatasetManifest {
  std::string name;    ///< as in the file name
  std::string folder;  ///< below the --datasets folder
  std::string homepage;
  std::string licence;
  std::vector<Citation> citations;
  std::string notes;  ///< shown beside a failure: known troubles with the addresses
  std::vector<DatasetFile> files;
  std::vector<DatasetStep> convert;

  /// The step that makes the file `name`, or nullptr.
  const DatasetStep* step_for(const std::string& name) const;
  /// Whether a step reads the file `name`, which is then brought only where that step has to run.
  bool is_source(const std::string& name) const;
};

/// The names of the manifests in `manifests_folder`, sorted. Throws FileError.
std::vector<std::string> dataset_manifest_names(const std::filesystem::path& manifests_folder);

/// Reads `manifests_folder`/NAME.yaml. Throws UsageError for an unknown name and FormatError for
/// an unknown key, a wrong type, or a name or path that would lead out of the dataset's folder.
DatasetManifest load_dataset_manifest(const std::string& name,
                                      const std::filesystem::path& manifests_folder);

// The `convert` steps of a dataset's manifest: files that the tasks read, made of what was fetched.

/// Makes `target` of `source` as `step` says: datasets/convert.py does it in a process of its own,
/// by Python's own library and, for Parquet, by pyarrow, which pip brings below home_folder() where
/// it is missing. What has come when it fails is removed. Throws FormatError when the source is
/// damaged or not what the step expects (fields, ids, the number of records); FileError when Python
/// or pip cannot do it or `target` cannot be written, a full disk included.
void convert_file(const DatasetStep& step, const std::filesystem::path& source,
                  const std::filesystem::path& target);

}  // namespace austeer
