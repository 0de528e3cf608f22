#pragma once
// What a file is by its first bytes, whatever its name says, so that a reader can say "this is a
// git LFS pointer" before it stumbles over its bytes; and one sentence of advice for each kind.

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace austeer {

enum class FileKind {
  other,  ///< none of the following, or a text
  empty,
  lfs_pointer,  ///< what git leaves in place of a file that Git LFS has not brought
  gguf,
  safetensors,
  zip,     ///< PyTorch's .bin and .pt, and .npz
  pickle,  ///< the same of older versions
  hdf5,
  gzip,
  html,
};

/// How many bytes of a file's beginning its kind is told by.
inline constexpr std::size_t file_kind_bytes = 512;

/// The kind of a file of `size` bytes that opens with `beginning`: file_kind_bytes or all of it.
FileKind file_kind(std::string_view beginning, std::uint64_t size);

/// The same of a file on disk. Throws FileError where it cannot be read.
FileKind file_kind(const std::filesystem::path& file);

/// "a git LFS pointer", "a GGUF file", ...; "a text file" for what is none of them.
std::string_view file_kind_name(FileKind kind);

/// What to do with a file of `kind` where another was asked for, one sentence; "" for some.
std::string_view file_kind_advice(FileKind kind);

/// Throws FormatError, with the advice, where `content` of `file` is recognised and not `wanted`.
void expect_file_kind(const std::filesystem::path& file, std::string_view content, FileKind wanted);

/// Throws FormatError where `content` of `file` is a git LFS pointer, which no reader wants.
void refuse_lfs_pointer(const std::filesystem::path& file, std::string_view content);

}  // namespace austeer
