#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/http.hpp"
#include "fetch_support.hpp"
#include "fetching/archive.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::fetch_content;
using testing::FetchFolder;
using testing::refusal;
using testing::WebServer;

TEST(Download, BringsTheBytesAndFollowsRedirections) {
  FetchFolder folder;
  WebServer server(folder.path());
  const auto file = folder / "got";
  download(server.url("/moved/plain.txt"), file);
  EXPECT_EQ(read_file(file), fetch_content());
  download("file://" + (folder / "plain.txt").string(), file);
  EXPECT_EQ(read_file(file), fetch_content());
}

TEST(Download, HttpErrorsNameTheAddressAndTheStatus) {
  FetchFolder folder;
  WebServer server(folder.path());
  const auto action = [&] { download(server.url("/files/none.txt"), folder / "got"); };
  expect_refusal<FileError>(action, "HTTP status 404");
  expect_refusal<FileError>(action, server.url("/files/none.txt"));
}

TEST(Download, OtherProtocolsAreRefusedAlsoBehindARedirection) {
  FetchFolder folder;
  WebServer server(folder.path());
  expect_refusal<UsageError>([&] { download("ftp://127.0.0.1/x", folder / "got"); },
                             "https, http or file");
  expect_refusal<FileError>([&] { download(server.url("/leave"), folder / "got"); }, "file");
  EXPECT_EQ(read_file(folder / "got"), "") << "nothing came from the file:// address";
}

TEST(Download, TruncatedTransferIsRefusedAndThenResumed) {
  FetchFolder folder;
  WebServer server(folder.path());
  const auto file = folder / "got";
  const auto action = [&] { download(server.url("/truncated/plain.txt"), file, {.resume = true}); };
  expect_refusal<FileError>(action, "100000 bytes, then");
  EXPECT_EQ(server.next_line(), "/truncated/plain.txt - 200");
  ASSERT_EQ(read_file(file), fetch_content().substr(0, 100'000));
  action();
  EXPECT_EQ(server.next_line(), "/truncated/plain.txt bytes=100000- 206");
  EXPECT_EQ(read_file(file), fetch_content());
}

TEST(Download, StartsAnewWhereResumingIsNotPossible) {
  FetchFolder folder;
  WebServer server(folder.path());
  const auto file = folder / "got";
  write_file(file, fetch_content().substr(0, 70'000));
  download(server.url("/noranges/plain.txt"), file, {.resume = true});
  EXPECT_EQ(read_file(file), fetch_content());
  write_file(file, fetch_content() + "more than there is");
  download(server.url("/files/plain.txt"), file, {.resume = true});
  EXPECT_EQ(read_file(file), fetch_content());
  write_file(file, fetch_content() + "more than there is");
  download("file://" + (folder / "plain.txt").string(), file, {.resume = true});
  EXPECT_EQ(read_file(file), fetch_content());
}

TEST(Download, LargerFilesThanAllowedAreRefused) {
  FetchFolder folder;
  WebServer server(folder.path());
  std::vector<std::string> urls;
  urls.push_back(server.url("/files/plain.txt"));
  urls.push_back("file://" + (folder / "plain.txt").string());
  for (const std::string& url : urls) {
    expect_refusal<FileError>([&] { download(url, folder / "got", {.max_bytes = 1000}); },
                              "at most 1000 bytes");
    EXPECT_LE(std::filesystem::file_size(folder / "got"), 1000U);
  }
}

TEST(Download, UnwritableTargetIsNamed) {
  FetchFolder folder;
  const std::string url = "file://" + (folder / "plain.txt").string();
  expect_refusal<FileError>([&] { download(url, folder.path() / "no" / "got"); }, "cannot write");
  expect_refusal<FileError>([&] { download(url, "/dev/full"); }, "The disk is full");
}

TEST(Archive, OneMemberComesOut) {
  FetchFolder folder;
  for (const char* name : {"good.zip", "good.tgz"}) {
    extract_member(folder / name, "inner/data.txt", folder / "got", 200'000);
    EXPECT_EQ(read_file(folder / "got"), fetch_content()) << name;
    extract_member(folder / name, "inner/café.txt", folder / "got", 7);
    EXPECT_EQ(read_file(folder / "got"), "coffee\n") << name;
    append_member(folder / name, "inner/café.txt", folder / "got", 7);
    EXPECT_EQ(read_file(folder / "got"), "coffee\ncoffee\n") << name;
  }
}

TEST(Archive, RefusesWhatItShould) {
  FetchFolder folder;
  const auto refused = [&](const char* archive, const char* member, const char* message) {
    expect_refusal<FormatError>(
        [&] { extract_member(folder / archive, member, folder / "got", 199'999); }, message);
    EXPECT_FALSE(std::filesystem::exists(folder / "got")) << archive << " " << member;
    write_file(folder / "kept", "kept");
    expect_refusal<FormatError>(
        [&] { append_member(folder / archive, member, folder / "kept", 199'999); }, message);
    EXPECT_EQ(read_file(folder / "kept"), "kept") << archive << " " << member;
  };
  refused("good.zip", "inner/none.txt", "no such member");
  refused("good.tgz", "inner/none.txt", "no such member");
  refused("good.tgz", "inner/link.txt", "no such member");
  refused("good.tgz", "inner/hard.txt", "no such member");
  refused("good.zip", "inner", "no such member");
  refused("good.zip", "../outside.txt", "without '..'");
  refused("good.zip", "/inner/data.txt", "without '..'");
  refused("good.zip", "inner/data.txt", "at most 199999 bytes");
  refused("good.tgz", "inner/data.txt", "at most 199999 bytes");
  refused("broken.zip", "inner/data.txt", "a damaged one");
  refused("broken.tgz", "inner/data.txt", "a damaged one");
  refused("plain.txt", "inner/data.txt", "a damaged one");
}

TEST(Archive, AnAlteredMemberOrAMissingArchiveIsNoticed) {
  FetchFolder folder;
  expect_refusal<FormatError>(
      [&] { extract_member(folder / "altered.zip", "inner/data.txt", folder / "got", 200'000); },
      "a damaged one (Bad CRC-32");
  EXPECT_FALSE(std::filesystem::exists(folder / "got"));
  expect_refusal<FileError>(
      [&] { extract_member(folder / "none.zip", "inner/data.txt", folder / "got", 200'000); },
      "No such file or directory");
}

TEST(Archive, AnUnwritableTargetOrAFullDiskIsNamed) {
  FetchFolder folder;
  for (const char* name : {"good.zip", "good.tgz"}) {
    std::filesystem::create_symlink("/dev/full", folder / "full");
    const auto extract = [&](const std::string& target) {
      return refusal<FileError>(
          [&] { extract_member(folder / name, "inner/data.txt", folder / target, 200'000); });
    };
    const std::string full = extract("full");
    for (const char* part : {"No space left on device", "The disk is full"}) {
      EXPECT_NE(full.find(part), std::string::npos) << part << " in " << full;
    }
    EXPECT_FALSE(std::filesystem::is_symlink(folder / "full")) << "no half of a file is left";
    const std::string missing = extract("no/got");
    EXPECT_NE(missing.find("No such file or directory"), std::string::npos) << missing;
  }
}

}  // namespace
}  // namespace austeer
