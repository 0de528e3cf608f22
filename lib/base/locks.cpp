#include "base/locks.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "base/error.hpp"

namespace austeer {
namespace {

int open_lock_file(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor >= 0) return descriptor;
  throw FileError("files",
                  fmt::format("cannot create {}: {}", file.string(), std::strerror(errno)));
}

/// Whether flock() with `operation` took the lock; false when somebody else has it.
bool lock(int descriptor, int operation, const std::filesystem::path& file) {
  int result = 0;
  do {
    result = ::flock(descriptor, operation);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  throw FileError("files", fmt::format("cannot lock {}: {}", file.string(), std::strerror(errno)),
                  "Does its file system keep locks?");
}

}  // namespace

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& file) {
  FileLock taken(open_lock_file(file));
  if (!lock(taken.descriptor_, LOCK_EX | LOCK_NB, file)) return std::nullopt;
  return taken;
}

FileLock FileLock::take(const std::filesystem::path& file) {
  FileLock taken(open_lock_file(file));
  lock(taken.descriptor_, LOCK_EX, file);
  return taken;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FolderLock::FolderLock(const std::filesystem::path& folder) {
  descriptor_ = open_lock_file(folder / ".lock");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    std::string holder(32, '\0');
    const ssize_t size = ::read(descriptor_, holder.data(), holder.size());
    holder.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    ::close(descriptor_);
    throw FileError("files",
                    fmt::format("{} is in use by another process (pid {})", folder.string(),
                                holder.empty() ? "unknown" : holder),
                    "Wait for it to finish, or write to another folder");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::write(descriptor_, pid.data(), pid.size()) != static_cast<ssize_t>(pid.size())) {
    // The pid is a courtesy to whoever finds the lock taken; the lock itself holds without it.
  }
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace austeer
