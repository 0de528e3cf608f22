#include "base/file_kind.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <system_error>

#include "base/error.hpp"

namespace austeer {
namespace {

using namespace std::string_view_literals;

/// The largest pointer that Git LFS writes (its specification's limit).
constexpr std::uint64_t most_pointer_bytes = 1024;

struct KindText {
  FileKind kind;
  std::string_view name;
  std::string_view advice;
};

constexpr std::array kind_texts = {
    KindText{FileKind::empty, "empty", "Was the download or copy cut short?"},
    KindText{FileKind::lfs_pointer, "a git LFS pointer, not the file's content",
             "Run `git lfs pull` in its folder, or download the file itself"},
    KindText{FileKind::gguf, "a GGUF file", "A model in it is passed by itself: --model FILE"},
    KindText{FileKind::safetensors, "a safetensors file",
             "A model in it is passed by its folder, which has config.json too"},
    KindText{FileKind::zip, "a ZIP archive, such as PyTorch's .bin and .pt files",
             "Convert weights with transformers: from_pretrained, then save_pretrained, which "
             "writes safetensors"},
    KindText{FileKind::pickle, "a pickle of an older PyTorch",
             "Convert weights with transformers: from_pretrained, then save_pretrained, which "
             "writes safetensors"},
    KindText{FileKind::hdf5, "an HDF5 file, such as those of Keras",
             "Convert weights with transformers to safetensors"},
    KindText{FileKind::gzip, "compressed by gzip", "Decompress it first: gunzip"},
    KindText{FileKind::html, "a web page",
             "Was it a download that needed a login, or the address of a page about the file? "
             "Download the file itself"}};

/// A JSON header's length, far below 4 GiB, and the brace that opens it.
bool is_safetensors(std::string_view beginning, std::uint64_t size) {
  if (beginning.size() < 10) return false;
  std::uint64_t length = 0;
  std::memcpy(&length, beginning.data(), sizeof(length));
  return length >= 2 && length <= size - 8 && length < std::uint64_t{1} << 32 &&
         beginning[8] == '{';
}

bool is_html(std::string_view beginning) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  const auto first = std::ranges::find_if_not(beginning, is_space);
  std::string start(first, std::min(beginning.end(),
                                    first + std::min<std::ptrdiff_t>(14, beginning.end() - first)));
  std::ranges::transform(start, start.begin(), [](unsigned char c) { return std::tolower(c); });
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

std::string_view beginning_of(std::string_view content) {
  return content.substr(0, file_kind_bytes);
}

[[noreturn]] void refuse_kind(const std::filesystem::path& file, FileKind kind,
                              std::string expected) {
  throw FormatError({fmt::format("[files] {} is {}", file.string(), file_kind_name(kind)),
                     std::move(expected), "", std::string(file_kind_advice(kind))});
}

}  // namespace

FileKind file_kind(std::string_view beginning, std::uint64_t size) {
  if (size == 0) return FileKind::empty;
  const bool pointer = beginning.starts_with("version https://git-lfs.github.com/spec/") ||
                       beginning.starts_with("version https://hawser.github.com/spec/");
  if (pointer && size <= most_pointer_bytes) return FileKind::lfs_pointer;
  if (beginning.starts_with("GGUF")) return FileKind::gguf;
  if (beginning.starts_with("PK\3\4")) return FileKind::zip;
  if (beginning.starts_with("\x89HDF\r\n\x1a\n"sv)) return FileKind::hdf5;
  // Before those below, of whose first bytes a header's length may consist.
  if (is_safetensors(beginning, size)) return FileKind::safetensors;
  if (beginning.starts_with("\x1f\x8b\x08")) return FileKind::gzip;
  // The pickled number that PyTorch's older files open with.
  if (beginning.starts_with("\x80\x02\x8a\x0al\xfc\x9c")) return FileKind::pickle;
  return is_html(beginning) ? FileKind::html : FileKind::other;
}

FileKind file_kind(const std::filesystem::path& file) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(file, error);
  std::string beginning(std::min<std::uint64_t>(size, file_kind_bytes), '\0');
  std::ifstream stream;
  if (!error) stream.open(file, std::ios::binary);
  if (error || !stream.read(beginning.data(), static_cast<std::streamsize>(beginning.size()))) {
    throw FileError("files", fmt::format("cannot read {}: {}", file.string(),
                                         error ? error.message() : "it cannot be opened"));
  }
  return file_kind(beginning, size);
}

std::string_view file_kind_name(FileKind kind) {
  const auto found = std::ranges::find(kind_texts, kind, &KindText::kind);
  return found == kind_texts.end() ? "a text file" : found->name;
}

std::string_view file_kind_advice(FileKind kind) {
  const auto found = std::ranges::find(kind_texts, kind, &KindText::kind);
  return found == kind_texts.end() ? "" : found->advice;
}

void expect_file_kind(const std::filesystem::path& file, std::string_view content,
                      FileKind wanted) {
  const FileKind kind = file_kind(beginning_of(content), content.size());
  if (kind == wanted || kind == FileKind::other) return;
  refuse_kind(file, kind, std::string(file_kind_name(wanted)));
}

void refuse_lfs_pointer(const std::filesystem::path& file, std::string_view content) {
  const FileKind kind = file_kind(beginning_of(content), content.size());
  if (kind == FileKind::lfs_pointer) refuse_kind(file, kind, "");
}

}  // namespace austeer
