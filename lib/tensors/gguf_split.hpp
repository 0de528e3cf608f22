#pragma once
// A GGUF model split into files NAME-00001-of-00003.gguf, as llama.cpp's gguf-split writes them:
// the metadata lie in the first, tensors in any, and each says which part of how many it is.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tensors/gguf.hpp"

namespace austeer {

/// The paths of all parts, in order, of the file at `file`, whose metadata are `metadata`; `file`
/// alone where it is not split. Throws FormatError where its name does not say which part it is,
/// FileError, naming them, where others are missing.
std::vector<std::filesystem::path> gguf_part_paths(const std::filesystem::path& file,
                                                   const GgufMetadata& metadata);

/// Throws FormatError unless the headers of the files at `paths`, in order, are parts of one model:
/// numbered so, of one architecture, with as many tensors as the first promises.
void check_gguf_parts(const std::vector<std::filesystem::path>& paths,
                      const std::vector<const GgufHeader*>& headers);

/// Where a file's name says that it is a part: NAME of NAME-00002-of-00003.gguf, and the numbers.
struct GgufPartName {
  std::string stem;
  std::int64_t number;  ///< 1 to count
  std::int64_t count;
};
std::optional<GgufPartName> parse_gguf_part_name(const std::string& file_name);

}  // namespace austeer
