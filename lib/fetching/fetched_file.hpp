#pragma once
// What fetch does with a file that has arrived under a temporary name: check it, then let it
// appear under its own.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace austeer {

/// Removes a file or folder when it goes out of scope, if it is there.
class RemoveAtEnd {
 public:
  explicit RemoveAtEnd(std::filesystem::path path) : path_(std::move(path)) {}
  ~RemoveAtEnd() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  RemoveAtEnd(const RemoveAtEnd&) = delete;
  RemoveAtEnd& operator=(const RemoveAtEnd&) = delete;

 private:
  std::filesystem::path path_;
};

/// Throws FormatError unless `file` has that many bytes; `hint` says what to do about it.
void check_size(const std::filesystem::path& file, std::int64_t bytes, const std::string& hint);

/// The SHA-256 of `file`. Throws FormatError when `expected` is given and differs.
std::string check_sha256(const std::filesystem::path& file,
                         const std::optional<std::string>& expected, const std::string& hint);

/// Flushes what `file` holds to disk. Throws FileError.
void flush_file(const std::filesystem::path& file);

/// Flushes `partial` to disk and renames it to `file`. Throws FileError.
void put_in_place(const std::filesystem::path& partial, const std::filesystem::path& file);

}  // namespace austeer
