#pragma once
// A YAML file that includes others.

#include <filesystem>

#include "base/json.hpp"

namespace austeer {

/// A YAML object with everything that its file includes.
struct StudyDocument {
  Json merged;
  bool includes = false;  ///< the file has the key `include`
};

/// The YAML object in `file`, its key `include` replaced by what the file or files named there
/// (from the folder of `file`) hold. Later files win over earlier ones and `file` over all: objects
/// are merged key by key, everything else is replaced. Throws FileError, and FormatError also for
/// files that include each other in a circle.
StudyDocument read_with_includes(const std::filesystem::path& file);

/// Puts the keys of `from` into `into`: objects are merged key by key, everything else is replaced.
void merge_keys(Json& into, const Json& from);

}  // namespace austeer
