#pragma once
// Names that come from outside and become paths: folders of NAME.yaml files, and the file names
// and archive members that such a file mentions. Nothing here can lead out of its folder.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

/// The names of the `NAME.yaml` files in `folder`, sorted. Throws FileError when it is missing.
std::vector<std::string> config_names(const std::filesystem::path& folder);

/// The file `folder/NAME.yaml`. Throws UsageError, with the nearest known name, when there is none;
/// `kind` ("model", "dataset") says what was looked for.
std::filesystem::path config_file(std::string_view kind, const std::string& name,
                                  const std::filesystem::path& folder);

/// Whether `name` is one path component of letters, digits, '.', '_', '-' that does not open with
/// '.' or '-'.
bool is_plain_name(std::string_view name);

/// Whether `path` is relative, uses '/' alone, and has no empty, "." or ".." component and no
/// control character: safe as the name of a file inside an archive.
bool is_inner_path(std::string_view path);

/// Whether `text` is written as SHA-256 digests are here: 64 lower-case hex digits.
bool is_sha256(std::string_view text);

}  // namespace austeer
