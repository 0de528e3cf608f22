#pragma once
// Files that survive crashes and hostile content: whole reads, atomic writes (temporary file,
// fsync, rename), read-only mappings, and locks between processes.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace austeer {

/// The whole file as bytes. Throws FileError.
std::string read_file(const std::filesystem::path& file);

/// A file that appears under its name only when it is complete. Bytes go to `NAME.partial`;
/// commit() flushes them to disk and renames. Without commit() the partial file is removed.
class AtomicFile {
 public:
  /// Throws FileError when the folder is missing or not writable.
  explicit AtomicFile(std::filesystem::path file);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends `bytes`. Throws FileError, a full disk included.
  void write(std::string_view bytes);
  /// fsync, rename, fsync of the folder. Throws FileError.
  void commit();

 private:
  [[noreturn]] void fail(std::string_view step) const;

  std::filesystem::path file_;
  std::filesystem::path partial_;
  int descriptor_ = -1;
};

/// Writes `bytes` to `file` through an AtomicFile. Throws FileError.
void write_file(const std::filesystem::path& file, std::string_view bytes);

/// Creates `folder` and its parents. Throws FileError with the reason.
void make_folder(const std::filesystem::path& folder);

/// A private copy-on-write mapping of a whole file: reads come straight from the page cache and
/// nothing that is written through it reaches the file.
class MappedFile {
 public:
  /// Throws FileError when the file cannot be opened or mapped.
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

/// An exclusive lock on a folder, held while the object lives and released by the system when the
/// process dies. Throws FileError, naming the holder's process, when somebody else has it.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace austeer
