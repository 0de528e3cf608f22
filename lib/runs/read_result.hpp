#pragma once
// Results of earlier runs, read back: the JSON, and the items that stand beside it.

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace austeer {

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
