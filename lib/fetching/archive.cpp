#include "fetching/archive.hpp"

#include <fmt/format.h>
#include <functional>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/names.hpp"

namespace austeer {
namespace {

// Exit statuses of the script below; Python itself uses 1 and 2.
constexpr int missing_member = 10;
constexpr int too_large = 11;
constexpr int damaged = 12;
constexpr int disk_full = 13;
constexpr int system_refused = 14;

// argv: archive, member, file, limit in bytes, the mode in which the file is opened.
constexpr const char* script = R"(
import errno, sys, tarfile, zipfile, zlib
archive, member, target, limit, mode = *sys.argv[1:4], int(sys.argv[4]), sys.argv[5]

def source():
    if zipfile.is_zipfile(archive):
        holder = zipfile.ZipFile(archive)
        names = [info for info in holder.infolist() if info.filename == member]
        return holder.open(names[0]) if names and not names[0].is_dir() else None
    holder = tarfile.open(archive, "r:*")
    for info in holder:
        if info.name == member or info.name == "./" + member:
            return holder.extractfile(info) if info.isfile() else None
    return None

try:
    stream = source()
    if stream is None:
        sys.exit(10)
    left = limit
    with open(target, mode) as out:
        while piece := stream.read(1 << 20):
            left -= len(piece)
            if left < 0:
                sys.exit(11)
            out.write(piece)
except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError,
        RuntimeError) as error:
    print(error)
    sys.exit(12)
except OSError as error:
    print(error.strerror or error)
    if error.errno is None:  # gzip's and bz2's word for damage
        sys.exit(12)
    sys.exit(13 if error.errno in (errno.ENOSPC, errno.EDQUOT) else 14)
)";

/// Opens `file` in Python's `mode`; `undo` is called when it could not be written whole.
void take_member(const std::filesystem::path& archive, const std::string& member,
                 const std::filesystem::path& file, std::int64_t max_bytes, const char* mode,
                 const std::function<void()>& undo) {
  const std::string what = fmt::format("[archive] {}", archive.string());
  if (!is_inner_path(member)) {
    throw FormatError(
        {what, "a relative member path without '..'", fmt::format("'{}'", member), ""});
  }
  const ChildResult result =
      run_child({python_program(), "-I", "-c", script, std::filesystem::absolute(archive).string(),
                 member, std::filesystem::absolute(file).string(), std::to_string(max_bytes), mode},
                python_options());
  if (result.status == 0) return;
  undo();
  switch (result.status) {
    case missing_member:
      throw FormatError({what, fmt::format("the member '{}' as a regular file", member),
                         "no such member", "The manifest and the archive do not belong together"});
    case too_large:
      throw FormatError(
          {what, fmt::format("at most {} bytes in '{}'", max_bytes, member), "more", ""});
    case damaged:
      throw FormatError({what, "a whole zip or tar archive",
                         fmt::format("a damaged one ({})", result.last_lines(1)),
                         "Fetch it again"});
    case disk_full:
      throw FileError({fmt::format("{}: cannot write {}", what, file.string()), "",
                       result.last_lines(1), "The disk is full; free some space and run again"});
    case system_refused:
      throw FileError({fmt::format("{}: cannot take '{}' out to {}", what, member, file.string()),
                       "", result.last_lines(1), ""});
    default:
      throw FileError({fmt::format("{}: reading '{}' failed", what, member), "",
                       result.last_lines(5), "AUSTEER_PYTHON names the Python that is used"});
  }
}

}  // namespace

bool is_archive_name(const std::string& name) {
  return name.ends_with(".zip") || name.ends_with(".whl") || name.ends_with(".tgz") ||
         name.ends_with(".tar.gz");
}

void extract_member(const std::filesystem::path& archive, const std::string& member,
                    const std::filesystem::path& file, std::int64_t max_bytes) {
  take_member(archive, member, file, max_bytes, "wb", [&] {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  });
}

void append_member(const std::filesystem::path& archive, const std::string& member,
                   const std::filesystem::path& file, std::int64_t max_bytes) {
  const std::uintmax_t before = std::filesystem::file_size(file);
  take_member(archive, member, file, max_bytes, "ab", [&] {
    std::error_code ignored;
    std::filesystem::resize_file(file, before, ignored);
  });
}

}  // namespace austeer
