#pragma once
// The `convert` steps of a dataset's manifest: files that the tasks read, made of what was fetched.

#include <filesystem>

#include "runs/dataset_manifest.hpp"

namespace austeer {

/// Makes `target` of `source` as `step` says: datasets/convert.py does it in a process of its own,
/// by Python's own library and, for Parquet, by pyarrow, which pip brings below home_folder() where
/// it is missing. What has come when it fails is removed. Throws FormatError when the source is
/// damaged or not what the step expects (fields, ids, the number of records); FileError when Python
/// or pip cannot do it or `target` cannot be written, a full disk included.
void convert_file(const DatasetStep& step, const std::filesystem::path& source,
                  const std::filesystem::path& target);

}  // namespace austeer
