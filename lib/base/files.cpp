#include "base/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file_kind.hpp"

namespace austeer {
namespace {

std::string reason() { return std::strerror(errno); }

/// Closes what it holds at the end of a scope.
struct Descriptor {
  explicit Descriptor(int value) : value(value) {}
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  const int value;
};

/// The size of the regular file behind `descriptor`, which open() gave for `file`.
std::uint64_t regular_size(const Descriptor& descriptor, const std::filesystem::path& file) {
  if (descriptor.value < 0) {
    throw FileError("files", fmt::format("cannot open {}: {}", file.string(), reason()));
  }
  struct stat status {};
  if (::fstat(descriptor.value, &status) != 0) {
    throw FileError("files", fmt::format("cannot read {}: {}", file.string(), reason()));
  }
  if (!S_ISREG(status.st_mode)) {
    throw FileError("files", fmt::format("{} is not a regular file", file.string()));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

/// O_NONBLOCK: a pipe without a writer would keep open() waiting; regular files ignore it.
constexpr int read_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

/// Whether the entries of `folder` have reached the disk; errno says why not.
bool flush_folder(const std::filesystem::path& folder) {
  const std::filesystem::path named = folder.empty() ? "." : folder;
  const Descriptor descriptor(::open(named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return descriptor.value >= 0 && ::fsync(descriptor.value) == 0;
}

/// Whether `file` is, at this moment, the name of the open regular file `descriptor`.
bool is_named(int descriptor, const std::filesystem::path& file) {
  struct stat opened {
  }, named{};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(file.c_str(), &named) == 0 &&
         S_ISREG(named.st_mode) && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

std::string read_file(const std::filesystem::path& file, std::uint64_t max_bytes) {
  const Descriptor descriptor(::open(file.c_str(), read_flags));
  const std::uint64_t size = regular_size(descriptor, file);
  if (size > max_bytes) {
    throw FileError({fmt::format("[files] {} is too large", file.string()),
                     fmt::format("at most {} bytes", max_bytes), std::to_string(size), ""});
  }
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(descriptor.value, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw FileError("files", fmt::format("cannot read {}: {}", file.string(), reason()));
    }
    if (got == 0) break;  // it has become shorter meanwhile
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  refuse_lfs_pointer(file, bytes);
  return bytes;
}

std::vector<std::string> list_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) {
    throw FileError("files",
                    fmt::format("cannot list the folder {}: {}", folder.string(), error.message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

AtomicFile::AtomicFile(std::filesystem::path file)
    : file_(std::move(file)), partial_(file_.string() + ".partial") {
  // Without O_TRUNC: the partial file may be another writer's until the lock says otherwise.
  descriptor_ =
      ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  if (descriptor_ < 0) fail("cannot create");
  try {
    take_partial();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

void AtomicFile::take_partial() {
  // A writer renames or removes its partial file before it lets go of the lock, so what is locked
  // here and no longer bears the name is that writer's finished file.
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 || !is_named(descriptor_, partial_)) {
    throw FileError("files",
                    fmt::format("cannot write {}: another process is writing it, or {} is not a "
                                "regular file",
                                file_.string(), partial_.string()),
                    "Wait for it to finish, or write to another file");
  }
  if (::ftruncate(descriptor_, 0) != 0) fail("cannot empty the partial file of");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::unlink(partial_.c_str());
  ::close(descriptor_);
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
  if (::rename(partial_.c_str(), file_.c_str()) != 0) fail("cannot rename into place");
  ::close(descriptor_);
  descriptor_ = -1;
  if (!flush_folder(file_.parent_path())) fail("cannot flush the folder of");
}

void AtomicFile::fail(std::string_view step) const {
  const int error = errno;
  std::string hint;
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    hint = "The disk is full, or a quota or limit is reached; free some space and run again";
  } else if (error == ENOENT || error == EACCES || error == EROFS) {
    hint = "Does the folder exist, and may you write to it?";
  } else if (error == ELOOP) {
    hint = fmt::format("Remove the symbolic link {}", partial_.string());
  }
  throw FileError("files", fmt::format("{} {}: {}", step, file_.string(), std::strerror(error)),
                  hint);
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  AtomicFile atomic(file);
  atomic.write(bytes);
  atomic.commit();
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  const bool created = std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder, error)) {
    throw FileError("files", fmt::format("cannot create the folder {}: {}", folder.string(),
                                         error ? error.message() : "a file has that name"));
  }
  if (created && !flush_folder(folder.parent_path())) {
    throw FileError("files", fmt::format("cannot flush the folder that holds {}: {}",
                                         folder.string(), reason()));
  }
}

MappedFile::MappedFile(const std::filesystem::path& file) : path_(file) {
  const Descriptor descriptor(::open(file.c_str(), read_flags));
  size_ = regular_size(descriptor, file);
  if (size_ == 0) return;
  // MAP_NORESERVE: hardly a page is ever written to, so a large file needs no swap set aside.
  void* mapped = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                        descriptor.value, 0);
  if (mapped == MAP_FAILED) {
    throw FileError("files", fmt::format("cannot map {}: {}", file.string(), reason()));
  }
  data_ = static_cast<std::byte*>(mapped);
  try {
    refuse_lfs_pointer(file, text());
  } catch (...) {
    ::munmap(data_, size_);
    throw;
  }
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

void make_output_folder(const std::filesystem::path& folder) {
  make_folder(folder);
  if (list_folder(folder).empty()) return;
  throw UsageError("export", folder.string() + " is not empty",
                   "Choose another folder, or remove what is in it");
}

}  // namespace austeer
