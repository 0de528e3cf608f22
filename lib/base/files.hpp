#pragma once
// Files that survive crashes and hostile content: whole reads, atomic writes (temporary file,
// fsync, rename), read-only mappings.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

/// The whole file as bytes. Throws FileError, with the system's reason; also for what is not a
/// regular file or has more than `max_bytes`; FormatError for a git LFS pointer.
std::string read_file(const std::filesystem::path& file,
                      std::uint64_t max_bytes = std::uint64_t{1} << 30);

/// The names of everything in `folder`, sorted. Throws FileError.
std::vector<std::string> list_folder(const std::filesystem::path& folder);

/// A file that appears under its name only when it is complete. Bytes go to `NAME.partial`, which
/// one writer at a time holds locked; commit() flushes them to disk and renames. Without commit(),
/// or when it fails, the partial file is removed.
class AtomicFile {
 public:
  /// Throws FileError when the folder is missing or not writable, when another writer has the
  /// partial file, and when that is no regular file (a symbolic link is not followed).
  explicit AtomicFile(std::filesystem::path file);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends `bytes`. Throws FileError, a full disk included.
  void write(std::string_view bytes);
  /// fsync, rename, fsync of the folder. Throws FileError.
  void commit();

 private:
  void take_partial();
  [[noreturn]] void fail(std::string_view step) const;

  std::filesystem::path file_;
  std::filesystem::path partial_;
  int descriptor_ = -1;
};

/// Writes `bytes` to `file` through an AtomicFile. Throws FileError.
void write_file(const std::filesystem::path& file, std::string_view bytes);

/// Creates `folder` and its parents, and flushes its entry to disk. Throws FileError with the
/// reason.
void make_folder(const std::filesystem::path& folder);

/// A private copy-on-write mapping of a whole file: reads come straight from the page cache and
/// nothing that is written through it reaches the file.
class MappedFile {
 public:
  /// Throws FileError when the file cannot be opened or mapped, FormatError for a git LFS pointer.
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Makes `folder` and its parents. Throws UsageError where it has something in it already: an
/// export is never mixed with what was there; FileError.
void make_output_folder(const std::filesystem::path& folder);

}  // namespace austeer
