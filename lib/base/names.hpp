#pragma once
// Names that come from outside and become file names, archive members or digests: whether they are
// what they should be. A name that passes cannot lead out of its folder.

#include <string_view>

namespace austeer {

/// Whether `name` is one path component of letters, digits, '.', '_', '-' that does not open with
/// '.' or '-'.
bool is_plain_name(std::string_view name);

/// Whether `path` is relative, uses '/' alone, and has no empty, "." or ".." component and no
/// control character: safe as the name of a file inside an archive.
bool is_inner_path(std::string_view path);

/// Whether `text` is written as SHA-256 digests are here: 64 lower-case hex digits.
bool is_sha256(std::string_view text);

}  // namespace austeer
