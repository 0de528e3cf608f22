#include "base/files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"

namespace austeer {
namespace {

std::string reason() { return std::strerror(errno); }

}  // namespace

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file)) {
    throw FileError("files",
                    fmt::format("cannot read {}: {}", file.string(),
                                std::filesystem::is_directory(file) ? "it is a folder" : reason()));
  }
  std::string bytes(std::istreambuf_iterator<char>(stream), {});
  if (stream.bad()) throw FileError("files", fmt::format("reading {} failed", file.string()));
  return bytes;
}

AtomicFile::AtomicFile(std::filesystem::path file)
    : file_(std::move(file)), partial_(file_.string() + ".partial") {
  descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("cannot create");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(partial_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("cannot write");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("cannot flush");
  ::close(descriptor_);
  descriptor_ = -1;
  if (::rename(partial_.c_str(), file_.c_str()) != 0) fail("cannot rename into place");
  const std::filesystem::path folder = file_.has_parent_path() ? file_.parent_path() : ".";
  const int folder_descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor < 0) fail("cannot open the folder of");
  const bool flushed = ::fsync(folder_descriptor) == 0;
  ::close(folder_descriptor);
  if (!flushed) fail("cannot flush the folder of");
}

void AtomicFile::fail(std::string_view step) const {
  const std::string hint = errno == ENOSPC ? "The disk is full; free some space and run again"
                           : errno == ENOENT || errno == EACCES || errno == EROFS
                               ? "Does the folder exist, and may you write to it?"
                               : "";
  throw FileError("files", fmt::format("{} {}: {}", step, file_.string(), reason()), hint);
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  AtomicFile atomic(file);
  atomic.write(bytes);
  atomic.commit();
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder)) {
    throw FileError("files", fmt::format("cannot create the folder {}: {}", folder.string(),
                                         error ? error.message() : "a file has that name"));
  }
}

MappedFile::MappedFile(const std::filesystem::path& file) : path_(file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw FileError("files", fmt::format("cannot open {}: {}", file.string(), reason()));
  }
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    throw FileError("files", fmt::format("{} is not a regular file", file.string()));
  }
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ > 0) {
    void* mapped = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
    if (mapped == MAP_FAILED) {
      const std::string why = reason();
      ::close(descriptor);
      throw FileError("files", fmt::format("cannot map {}: {}", file.string(), why));
    }
    data_ = static_cast<std::byte*>(mapped);
  }
  ::close(descriptor);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / ".lock";
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw FileError("files", fmt::format("cannot create {}: {}", file.string(), reason()));
  }
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
