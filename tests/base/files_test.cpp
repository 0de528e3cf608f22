#include "base/files.hpp"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/locks.hpp"
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

TEST(AtomicFile, FollowsNoSymbolicLink) {
  TemporaryFolder folder;
  write_file(folder / "victim", "years of work");
  std::filesystem::create_symlink("victim", folder / "a.partial");
  expect_refusal<FileError>([&] { write_file(folder / "a", "x"); }, "Remove the symbolic link");
  EXPECT_EQ(read_file(folder / "victim"), "years of work");
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

TEST(AtomicFile, SecondWriterIsTold) {
  TemporaryFolder folder;
  AtomicFile first(folder / "a");
  first.write("first");
  expect_refusal<FileError>([&] { write_file(folder / "a", "2"); }, "another process is writing");
  first.commit();
  EXPECT_EQ(read_file(folder / "a"), "first");
  write_file(folder / "a", "third");
  EXPECT_EQ(read_file(folder / "a"), "third");
}

TEST(AtomicFile, WritesIntoNoPipe) {
  TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "a.partial").c_str(), 0600), 0);
  expect_refusal<FileError>([&] { write_file(folder / "a", "x"); }, "cannot create");
  const int reader = ::open((folder / "a.partial").c_str(), O_RDONLY | O_NONBLOCK);
  expect_refusal<FileError>([&] { write_file(folder / "a", "x"); }, "is not a regular file");
  ::close(reader);
}

TEST(AtomicFile, LeftoversOfADeadWriterGoAway) {
  TemporaryFolder folder;
  std::ofstream(folder / "a.partial") << "longer than what comes";
  write_file(folder / "a", "short");
  EXPECT_EQ(read_file(folder / "a"), "short");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.partial"));
}

TEST(AtomicFile, FailedRenameLeavesNothing) {
  TemporaryFolder folder;
  make_folder(folder / "a");
  expect_refusal<FileError>([&] { write_file(folder / "a", "x"); }, "cannot rename into place");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.partial"));
}

// A limit on the size of files stands in for the full disk.
TEST(AtomicFile, FullDiskIsNamedAndTheEarlierFileStays) {
  TemporaryFolder folder;
  write_file(folder / "a", "earlier");
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file(folder / "a", std::string(1000, 'x'));
    } catch (const FileError& error) {
      const std::string message = error.what();
      ::_exit(message.find("free some space and run again") != std::string::npos ? 7 : 8);
    }
    ::_exit(9);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(read_file(folder / "a"), "earlier");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.partial"));
}

TEST(ReadFile, RefusesWhatIsNoRegularFileOrTooLarge) {
  TemporaryFolder folder;
  expect_refusal<FileError>([&] { read_file(folder / "none"); }, "No such file or directory");
  expect_refusal<FileError>([&] { read_file(folder.path()); }, "is not a regular file");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_refusal<FileError>([&] { read_file(folder / "pipe"); }, "is not a regular file");
  write_file(folder / "a", "abcd");
  EXPECT_EQ(read_file(folder / "a", 4), "abcd");
  expect_refusal<FileError>([&] { read_file(folder / "a", 3); }, "at most 3 bytes; found 4");
}

TEST(ListFolder, GivesEveryNameSorted) {
  TemporaryFolder folder;
  for (const char* name : {"b", "a.yaml", ".c"}) write_file(folder / name, "");
  EXPECT_EQ(list_folder(folder.path()), (std::vector<std::string>{".c", "a.yaml", "b"}));
  expect_refusal<FileError>([&] { list_folder(folder / "none"); }, "cannot list the folder");
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

// The system sets memory aside for every page that might be written to, unless it is told not to.
TEST(MappedFile, MapsFilesLargerThanMemory) {
  TemporaryFolder folder;
  write_file(folder / "sparse", "begin");
  std::filesystem::resize_file(folder / "sparse", std::uintmax_t{4} << 40);
  const MappedFile mapped(folder / "sparse");
  EXPECT_EQ(mapped.text().substr(0, 5), "begin");
}

TEST(FolderLock, FollowsNoSymbolicLink) {
  TemporaryFolder folder;
  write_file(folder / "victim", "years of work");
  std::filesystem::create_symlink("victim", folder / ".lock");
  expect_refusal<FileError>([&] { FolderLock(folder.path()); }, ".lock");
  EXPECT_EQ(read_file(folder / "victim"), "years of work");
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
