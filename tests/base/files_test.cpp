#include "base/files.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

TEST(AtomicFile, AppearsOnlyOnCommit) {
  TemporaryFolder folder;
  {
    AtomicFile file(folder / "a");
    file.write("half");
    EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "the partial file must go";
  write_file(folder / "a", "whole");
  EXPECT_EQ(read_file(folder / "a"), "whole");
}

TEST(AtomicFile, FullDiskAndMissingFolderAreNamed) {
  TemporaryFolder folder;
  expect_refusal<FileError>([&] { write_file(folder / "no" / "a", "x"); }, "Does the folder exist");
  expect_refusal<FileError>([] { read_file("/nonexistent/file"); }, "/nonexistent/file");
}

TEST(MappedFile, WritesNeverReachTheFile) {
  TemporaryFolder folder;
  write_file(folder / "a", "abc");
  MappedFile mapped(folder / "a");
  mapped.bytes()[0] = std::byte{'X'};
  EXPECT_EQ(read_file(folder / "a"), "abc");
  write_file(folder / "empty", "");
  EXPECT_EQ(MappedFile(folder / "empty").text(), "");
  expect_refusal<FileError>([&] { MappedFile(folder.path()); }, "not a regular file");
}

TEST(FolderLock, SecondProcessIsTold) {
  TemporaryFolder folder;
  FolderLock lock(folder.path());
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      FolderLock second(folder.path());
    } catch (const FileError& error) {
      const std::string pid = std::to_string(::getppid());
      ::_exit(std::string(error.what()).find(pid) != std::string::npos ? 7 : 8);
    }
    ::_exit(9);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Hash, KnownDigests) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  TemporaryFolder folder;
  write_file(folder / "a", "abc");
  EXPECT_EQ(sha256_file(folder / "a"), sha256("abc"));
}

}  // namespace
}  // namespace austeer
