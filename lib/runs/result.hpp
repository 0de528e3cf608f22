#pragma once
// Results on disk: one JSON with everything that is needed to cite and repeat a run, and beside it
// a JSONL with one line per item.

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace austeer {

/// Where results lie when nothing else is said, below the current folder.
inline const std::filesystem::path results_folder = "austeer-results";

/// The name of a result there: KIND-TASK-DIGEST.json, by its configuration.
std::filesystem::path default_result_path(const std::string& kind, const std::string& task,
                                          const Json& configuration);

/// Where the items of a result lie: .jsonl in place of .json, or after any other name.
std::filesystem::path items_path(const std::filesystem::path& result);

/// Throws what write_result would throw for a name or folder that cannot be written, before the
/// work is done.
void check_result_path(const std::filesystem::path& result);

/// Writes the items, then `result`: schema, kind, versions, configuration, outcome, timings, and
/// the items' file with its sha256. Both atomically. Throws FileError; UsageError when `result`
/// itself ends in .jsonl.
void write_result(const std::filesystem::path& result, const std::string& kind,
                  const Json& configuration, const Json& outcome, const Json& timings,
                  const std::vector<Json>& items);

// Results of earlier runs, read back: the JSON, and the items that stand beside it.

struct Result {
  Json document;            ///< kind, configuration, outcome, timings
  std::string sha256;       ///< of the JSON file
  std::vector<Json> items;  ///< one object per line
  std::filesystem::path items_file;
};

/// Reads `file` and its items. Throws FileError, and FormatError when it is no result of this
/// `kind` ("eval"), or when the items are not those that it was written with.
Result read_result(const std::filesystem::path& file, const std::string& kind);

}  // namespace austeer
