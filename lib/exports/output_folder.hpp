#pragma once
// The folder that an export goes into.

#include <filesystem>

namespace austeer {

/// Makes `folder` and its parents. Throws UsageError where it has something in it already: an
/// export is never mixed with what was there; FileError.
void make_output_folder(const std::filesystem::path& folder);

}  // namespace austeer
