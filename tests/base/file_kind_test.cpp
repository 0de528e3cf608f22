// Files told by their first bytes, and what readers say of the wrong one.
#include "base/file_kind.hpp"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;
using namespace std::string_literals;

const std::string pointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:0123456789abcdef\nsize 988097824\n";

/// A safetensors file whose header takes `size` bytes.
std::string safetensors(std::uint64_t size) {
  std::string header = "{}" + std::string(size - 2, ' ');
  return std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + header;
}

FileKind kind_of(const std::string& content) { return file_kind(content, content.size()); }

TEST(FileKind, IsToldByTheFirstBytes) {
  const std::vector<std::pair<std::string, FileKind>> known = {
      {"", FileKind::empty},
      {pointer, FileKind::lfs_pointer},
      {"version https://hawser.github.com/spec/v1\noid sha256:0\nsize 1\n", FileKind::lfs_pointer},
      {"GGUF\3\0\0\0"s, FileKind::gguf},
      {"PK\3\4rest", FileKind::zip},
      {"\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j", FileKind::pickle},
      {"\x89HDF\r\n\x1a\n\0\0"s, FileKind::hdf5},
      {"\x1f\x8b\x08\0\0"s, FileKind::gzip},
      {"\n <!DOCTYPE html><html>", FileKind::html},
      {"<html lang=en>", FileKind::html},
      {safetensors(2), FileKind::safetensors},
      {"{\"a\": 1}", FileKind::other},
      {"version https://example.org\n", FileKind::other},
      {"\x80", FileKind::other},
      {"<p>html</p>", FileKind::other}};
  for (const auto& [content, kind] : known) {
    EXPECT_EQ(kind_of(content), kind) << content;
  }
}

TEST(FileKind, LengthsOfAHeaderAreNotTakenForAnotherFormat) {
  // In the file, these lengths are the first bytes of a pickle and of a gzip file.
  for (const std::uint64_t size : {0x0280u, 0x8b1fu, 0x088b1fu}) {
    EXPECT_EQ(kind_of(safetensors(size)), FileKind::safetensors) << size;
  }
  EXPECT_EQ(kind_of(safetensors(0x0280).substr(0, 300)), FileKind::other) << "cut short";
}

TEST(FileKind, ALargeFileIsNoPointer) {
  EXPECT_EQ(file_kind(pointer, 1024), FileKind::lfs_pointer);
  EXPECT_EQ(file_kind(pointer, 1025), FileKind::other);
}

TEST(FileKind, OfAFileOnDisk) {
  const TemporaryFolder folder;
  write_file(folder / "blob", "GGUF\3\0\0\0"s);
  write_file(folder / "empty", "");
  EXPECT_EQ(file_kind(folder / "blob"), FileKind::gguf);
  EXPECT_EQ(file_kind(folder / "empty"), FileKind::empty);
  expect_refusal<FileError>([&] { file_kind(folder / "none"); }, "none: No such file");
}

TEST(FileKind, EveryReaderNamesAGitLfsPointer) {
  const TemporaryFolder folder;
  write_file(folder / "file", pointer);
  const std::string said = (folder / "file").string() +
                           " is a git LFS pointer, not the file's content. Run `git lfs pull`";
  expect_refusal<FormatError>([&] { read_file(folder / "file"); }, said);
  expect_refusal<FormatError>([&] { MappedFile(folder / "file"); }, said);
  expect_refusal<FormatError>([&] { read_json(folder / "file"); }, said);
}

TEST(FileKind, JsonThatIsAnotherFileIsNamed) {
  const TemporaryFolder folder;
  write_file(folder / "tokenizer.json", "<!doctype html>\n<title>Sign in</title>");
  expect_refusal<FormatError>([&] { read_json(folder / "tokenizer.json"); },
                              "tokenizer.json is a web page; expected a text file. Was it a "
                              "download that needed a login");
  write_file(folder / "tokenizer.json", "\x1f\x8b\x08\0"s);
  expect_refusal<FormatError>([&] { read_json(folder / "tokenizer.json"); }, "compressed by gzip");
}

}  // namespace
}  // namespace austeer
