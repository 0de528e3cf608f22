#pragma once
// One member out of an archive (.zip, .whl, .tgz, .tar.gz). Nothing is unpacked under a name that
// the archive chose: the bytes of the asked-for member go to the file that the caller names.

#include <cstdint>
#include <filesystem>
#include <string>

namespace austeer {

/// Whether `name` ends as an archive that extract_member() can read.
bool is_archive_name(const std::string& name);

/// Writes the bytes of `member` to `file`, replacing it; what has come when it fails is removed.
/// Python's zipfile and tarfile do the reading, in a process of their own. Throws FormatError when
/// the archive is damaged, has no such regular file, or when the member holds more than
/// `max_bytes`; FileError when Python cannot run or `file` cannot be written, a full disk included.
void extract_member(const std::filesystem::path& archive, const std::string& member,
                    const std::filesystem::path& file, std::int64_t max_bytes);

/// Writes the bytes of `member` behind those that `file` holds. When it fails, `file` is as before.
/// Throws as extract_member() does.
void append_member(const std::filesystem::path& archive, const std::string& member,
                   const std::filesystem::path& file, std::int64_t max_bytes);

}  // namespace austeer
