#include "fetching/fetched_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/hash.hpp"

namespace austeer {

namespace {

bool flush(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool flushed = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return flushed;
}

}  // namespace

void check_size(const std::filesystem::path& file, std::int64_t bytes, const std::string& hint) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) {
    throw FileError("fetch", fmt::format("cannot read {}: {}", file.string(), error.message()));
  }
  if (size != static_cast<std::uintmax_t>(bytes)) {
    throw FormatError({fmt::format("[fetch] {}", file.string()), fmt::format("{} bytes", bytes),
                       fmt::format("{}", size), hint});
  }
}

std::string check_sha256(const std::filesystem::path& file,
                         const std::optional<std::string>& expected, const std::string& hint) {
  const std::string found = sha256_file(file);
  if (expected && found != *expected) {
    throw FormatError({fmt::format("[fetch] {}", file.string()),
                       fmt::format("sha256 {}", *expected), found, hint});
  }
  return found;
}

void flush_file(const std::filesystem::path& file) {
  if (flush(file)) return;
  throw FileError("fetch",
                  fmt::format("cannot write {} to disk: {}", file.string(), std::strerror(errno)));
}

void put_in_place(const std::filesystem::path& partial, const std::filesystem::path& file) {
  if (!flush(partial) || ::rename(partial.c_str(), file.c_str()) != 0 ||
      !flush(file.parent_path())) {
    throw FileError(
        "fetch", fmt::format("cannot move {} into place: {}", file.string(), std::strerror(errno)));
  }
}

}  // namespace austeer
