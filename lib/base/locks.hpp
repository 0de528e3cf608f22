#pragma once
// Locks between processes: held while the object lives, and released by the system when the process
// dies, so that nothing has to be cleaned up after a crash.

#include <filesystem>
#include <optional>

namespace austeer {

/// An exclusive lock on a file that is there for nothing else.
class FileLock {
 public:
  /// The lock on `file`, which is created where it is missing; nothing when somebody else has it.
  /// Throws FileError where the file cannot be created or locked; a symbolic link is not followed.
  static std::optional<FileLock> try_take(const std::filesystem::path& file);

  /// As try_take(), but waits for whoever has it.
  static FileLock take(const std::filesystem::path& file);

  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

/// An exclusive lock on a folder, held while the object lives and released by the system when the
/// process dies. Throws FileError, naming the holder's process, when somebody else has it. A lock
/// file that is a symbolic link is not followed.
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
