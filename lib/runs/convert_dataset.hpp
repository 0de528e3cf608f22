#pragma once
// The `convert` steps of a dataset's manifest: files that the tasks read, made of what was fetched.

#include <filesystem>

#include "runs/dataset_manifest.hpp"

namespace austeer {

/// Makes `target` of `source` as `step` says: datasets/convert.py does it, by Python's own library,
/// in a process of its own. What has come when it fails is removed. Throws FormatError when the
/// source is damaged or not what the step expects (fields, ids, the number of records); FileError
/// when Python cannot run or `target` cannot be written, a full disk included.
void convert_file(const DatasetStep& step, const std::filesystem::path& source,
                  const std::filesystem::path& target);

}  // namespace austeer
