#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/locks.hpp"
#include "fetch_support.hpp"
#include "fetching/dataset_manifest.hpp"
#include "fetching/fetch.hpp"
#include "tasks/task.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::fetch_content;
using testing::FetchFolder;
using testing::refusal;
using testing::WebServer;

const std::string manifest_head =
    "name: small\nfolder: Small\nhomepage: https://example.org\nlicence: CC0\nnotes: Ask the "
    "author.\n"
    "citations:\n"
    "  - {key: k, authors: A. Author, title: A title, venue: A venue, year: 2020}\n"
    "files:\n";

/// A place to fetch from, a manifests folder, and a datasets folder.
class FetchDataset : public ::testing::Test {
 protected:
  void SetUp() override {
    make_folder(source / "manifests");
    make_folder(source / "datasets");
  }

  void entry(const std::string& text) { files_ += "  - " + text + "\n"; }

  void entry(const std::string& file, const std::string& url, const std::string& sha256,
             const std::string& more = "") {
    entry(fmt::format("{{file: {}, urls: [\"{}\"], sha256: \"{}\"{}}}", file, url, sha256, more));
  }

  FetchReport fetch() {
    write_file(source / "manifests/small.yaml", manifest_head + files_);
    return fetch_dataset("small", source / "manifests", source / "datasets");
  }

  std::string file_url(const std::string& name) const {
    return "file://" + (source / name).string();
  }
  std::filesystem::path fetched(const std::string& name) const {
    return source / ("datasets/Small/" + name);
  }

  FetchFolder source;
  const std::string good = sha256(fetch_content());

 private:
  std::string files_;
};

TEST_F(FetchDataset, FilesAndMembersFromAFolder) {
  entry("plain.txt", file_url("plain.txt"), good);
  entry("zipped.txt", file_url("good.zip"), good, ", member: inner/data.txt, bytes: 200000");
  entry("second.txt", file_url("good.zip"), sha256("second\n"), ", member: inner/second.txt");
  entry("tarred.txt", file_url("good.tgz"), good, ", member: inner/data.txt");
  const FetchReport first = fetch();
  ASSERT_EQ(first.files.size(), 4U);
  EXPECT_TRUE(first.warnings.empty());
  for (const FetchedFile& file : first.files) EXPECT_TRUE(file.downloaded);
  EXPECT_EQ(read_file(fetched("zipped.txt")), fetch_content());
  EXPECT_EQ(read_file(fetched("tarred.txt")), fetch_content());
  EXPECT_EQ(read_file(fetched("second.txt")), "second\n");

  std::filesystem::remove(source / "plain.txt");
  for (const FetchedFile& file : fetch().files) EXPECT_FALSE(file.downloaded);
  std::vector<std::string> left;
  for (const auto& found : std::filesystem::directory_iterator(fetched(""))) {
    left.push_back(found.path().filename().string());
  }
  std::sort(left.begin(), left.end());
  const std::vector<std::string> expected = {".lock", "plain.txt", "second.txt", "tarred.txt",
                                             "zipped.txt"};
  EXPECT_EQ(left, expected) << "archives and partial files are gone";
}

TEST_F(FetchDataset, OverHttpWithASecondAddress) {
  WebServer server(source.path());
  entry(fmt::format("{{file: a.txt, urls: [\"{}\", \"{}\"], sha256: {}}}",
                    server.url("/files/gone.txt"), server.url("/files/plain.txt"), good));
  EXPECT_TRUE(fetch().files.at(0).downloaded);
  EXPECT_EQ(server.next_line(), "/files/gone.txt - 404");
  EXPECT_EQ(read_file(fetched("a.txt")), fetch_content());
}

TEST_F(FetchDataset, AnAddressWithAnotherFileLeavesItToTheNext) {
  WebServer server(source.path());
  const std::string page = "<html><body>This mirror has closed.</body></html>\n";
  for (const char* name : {"page.html", "page.zip"}) write_file(source / name, page);
  const auto wrong_page = [](const std::string& right) {
    return std::string(right.ends_with(".zip") ? "/files/page.zip" : "/files/page.html");
  };
  const auto mirrors = [&](const std::string& file, const std::string& right,
                           const std::string& more) {
    entry(fmt::format("{{file: {}, urls: [\"{}\", \"{}\"], sha256: {}{}}}", file,
                      server.url(wrong_page(right)), server.url("/files/" + right), good, more));
  };
  mirrors("hashed.txt", "plain.txt", "");
  mirrors("sized.txt", "plain.txt", ", bytes: 200000");
  mirrors("zipped.txt", "good.zip", ", member: inner/data.txt");
  for (const FetchedFile& file : fetch().files) {
    EXPECT_TRUE(file.downloaded);
    EXPECT_EQ(read_file(file.file), fetch_content()) << file.file;
  }
  for (const char* right : {"plain.txt", "plain.txt", "good.zip"}) {
    EXPECT_EQ(server.next_line(), wrong_page(right) + " - 200");
    EXPECT_EQ(server.next_line(), fmt::format("/files/{} - 200", right)) << "from its first byte";
  }
}

TEST_F(FetchDataset, EveryAddressIsNamedWithItsReason) {
  WebServer server(source.path());
  const std::string page = sha256("a page\n");
  write_file(source / "page.html", "a page\n");
  entry(fmt::format("{{file: a.txt, urls: [\"{}\", \"{}\"], sha256: {}}}",
                    server.url("/files/page.html"), server.url("/files/gone.txt"), good));
  const std::string message = refusal<FormatError>([&] { fetch(); });
  for (const std::string& part :
       {server.url("/files/page.html: "), "found " + page, server.url("/files/gone.txt; "),
        std::string("HTTP status 404"), std::string("Ask the author."),
        std::string("compare with https://example.org")}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
  EXPECT_FALSE(std::filesystem::exists(fetched("a.txt")));
  EXPECT_EQ(read_file(fetched("a.txt.partial")), "") << "the page is not continued from";
}

TEST_F(FetchDataset, HttpErrorNamesTheAddressAndTheNotes) {
  WebServer server(source.path());
  entry("a.txt", server.url("/files/gone.txt"), good);
  const std::string message = refusal<FileError>([&] { fetch(); });
  for (const char* part : {"small", "/files/gone.txt", "HTTP status 404", "Ask the author."}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
  EXPECT_FALSE(std::filesystem::exists(fetched("a.txt")));
}

TEST_F(FetchDataset, TruncatedTransferContinuesOnTheNextCall) {
  WebServer server(source.path());
  entry("a.txt", server.url("/truncated/plain.txt"), good);
  expect_refusal<FileError>([&] { fetch(); }, "Run again to continue");
  EXPECT_FALSE(std::filesystem::exists(fetched("a.txt")));
  EXPECT_TRUE(fetch().files.at(0).downloaded);
  server.next_line();
  EXPECT_EQ(server.next_line(), "/truncated/plain.txt bytes=100000- 206");
  EXPECT_EQ(read_file(fetched("a.txt")), fetch_content());
}

TEST_F(FetchDataset, WrongHashNeverAppears) {
  entry("a.txt", file_url("plain.txt"), sha256("something else"));
  expect_refusal<FormatError>([&] { fetch(); }, "expected sha256 " + sha256("something else"));
  expect_refusal<FormatError>([&] { fetch(); }, "found " + good);
  EXPECT_FALSE(std::filesystem::exists(fetched("a.txt")));
  EXPECT_FALSE(std::filesystem::exists(fetched("a.txt.partial")));
}

TEST_F(FetchDataset, WrongSizeNeverAppears) {
  entry("a.txt", file_url("plain.txt"), good, ", bytes: 200001");
  expect_refusal<FormatError>([&] { fetch(); }, "expected 200001 bytes; found 200000");
  EXPECT_FALSE(std::filesystem::exists(fetched("a.txt")));
}

TEST_F(FetchDataset, MissingMemberIsNamed) {
  entry("a.txt", file_url("good.zip"), good, ", member: inner/none.txt");
  expect_refusal<FormatError>([&] { fetch(); }, "inner/none.txt");
  EXPECT_FALSE(std::filesystem::exists(fetched("a.txt")));
}

TEST_F(FetchDataset, AnotherFileOfThatNameIsKept) {
  make_folder(fetched(""));
  write_file(fetched("a.txt"), "mine");
  entry("a.txt", file_url("plain.txt"), good);
  expect_refusal<FormatError>([&] { fetch(); }, "move it away");
  EXPECT_EQ(read_file(fetched("a.txt")), "mine");
}

TEST_F(FetchDataset, UnverifiedIsRecordedOnFirstUseAndCheckedThen) {
  entry("a.txt", file_url("plain.txt"), "unverified");
  const FetchReport first = fetch();
  ASSERT_EQ(first.warnings.size(), 1U);
  EXPECT_NE(first.warnings[0].find(good), std::string::npos) << first.warnings[0];
  EXPECT_EQ(read_file(fetched("a.txt.sha256")), good + "  a.txt\n");
  EXPECT_TRUE(fetch().warnings.empty());
  write_file(fetched("a.txt"), "changed");
  expect_refusal<FormatError>([&] { fetch(); }, "with its .sha256");
  std::filesystem::remove(fetched("a.txt"));
  write_file(source / "plain.txt", "changed at the source");
  expect_refusal<FormatError>([&] { fetch(); }, "expected sha256 " + good);
}

TEST_F(FetchDataset, SecondProcessIsTold) {
  entry("a.txt", file_url("plain.txt"), good);
  make_folder(fetched(""));
  const FolderLock lock(fetched(""));
  expect_refusal<FileError>([&] { fetch(); }, "in use by another process");
}

TEST_F(FetchDataset, FilesThatAskForRegistration) {
  entry(
      fmt::format("{{file: a.txt, registration: \"https://example.org/form\", sha256: {}}}", good));
  expect_refusal<FileError>(
      [&] { fetch(); }, "its authors give it only to those who ask at https://example.org/form");
  EXPECT_FALSE(std::filesystem::exists(fetched(""))) << "no empty folder hides the samples";
  make_folder(fetched(""));
  write_file(fetched("a.txt"), read_file(source / "plain.txt"));
  EXPECT_FALSE(fetch().files.at(0).downloaded) << "what is there is checked";
}

TEST_F(FetchDataset, ManifestsCannotLeadOutOfTheFolder) {
  const auto refused = [&](const std::string& text, const std::string& message) {
    write_file(source / "manifests/small.yaml", text);
    expect_refusal<FormatError>([&] { load_dataset_manifest("small", source / "manifests"); },
                                message);
  };
  const std::string url = "urls: [\"https://example.org/x.zip\"]";
  const auto with_file = [&](const std::string& more) {
    return manifest_head + "  - {" + url + ", " + more + "}\n";
  };
  refused(with_file("file: ../a, sha256: unverified"), "a plain name");
  refused(with_file("file: /etc/a, sha256: unverified"), "a plain name");
  refused(with_file("file: .hidden, sha256: unverified"), "a plain name");
  refused(with_file("file: a, sha256: unverified, member: ../a"), "without '..'");
  refused(with_file("file: a, sha256: unverified, member: x/../../a"), "without '..'");
  refused(with_file("file: a, sha256: beef"), "64 lower-case hex digits");
  refused(with_file("file: a, sha256: unverified, md5: x"), "unknown key 'md5'");
  refused(with_file("file: a, sha256: unverified, bytes: -1"), "a positive number");
  std::string outside = with_file("file: a, sha256: unverified");
  refused(outside.replace(outside.find("folder: Small"), 13, "folder: ../x"), "a plain name");
  refused(manifest_head + "  []\n", "a list");
  expect_refusal<UsageError>([&] { load_dataset_manifest("smal", source / "manifests"); },
                             "did you mean 'small'");
  expect_refusal<UsageError>([&] { load_dataset_manifest("../small", source / "manifests"); },
                             "unknown dataset");
}

TEST(DatasetManifests, AllOfTheProjectsOwnLoad) {
  const std::filesystem::path folder =
      std::filesystem::path(AUSTEER_SOURCE_DIR) / "datasets/manifests";
  const std::vector<std::string> expected = {"boolq",      "bpo",   "copa",
                                             "gsm8k",      "mawps", "realtoxicityprompts",
                                             "storycloze", "svamp", "winogrande"};
  EXPECT_EQ(dataset_manifest_names(folder), expected);
  for (const std::string& name : expected) {
    const DatasetManifest manifest = load_dataset_manifest(name, folder);
    for (const DatasetFile& file : manifest.files) {
      for (const std::string& url : file.urls) EXPECT_EQ(url.find("https://"), 0U) << url;
    }
  }
}

TEST(DatasetManifests, LeaveNoStepBetweenFetchAndTask) {
  const std::filesystem::path source = AUSTEER_SOURCE_DIR;
  for (const char* name :
       {"boolq", "bpo", "copa", "gsm8k", "mawps", "storycloze", "svamp", "winogrande"}) {
    const DatasetManifest manifest = load_dataset_manifest(name, source / "datasets/manifests");
    const Task task = load_task(name, source / "configs");
    EXPECT_EQ(task.config().dataset, manifest.folder);
    for (const auto& [split, files] : task.config().splits) {
      const bool comes = std::ranges::any_of(files, [&](const std::string& file) {
        const auto fetched = std::ranges::find(manifest.files, file, &DatasetFile::file);
        return manifest.step_for(file) != nullptr ||
               (fetched != manifest.files.end() && !manifest.is_source(file));
      });
      EXPECT_TRUE(comes) << name << ": " << split;
    }
  }
}

TEST(DatasetManifests, SvampIsCutAsTheCopyOnHuggingFace) {
  const DatasetManifest manifest = load_dataset_manifest(
      "svamp", std::filesystem::path(AUSTEER_SOURCE_DIR) / "datasets/manifests");
  const Json& train = manifest.step_for("train.json")->how.at("pick").at("values");
  const std::set<std::string> ids = train.get<std::set<std::string>>();
  EXPECT_EQ(train.size(), 700U);
  EXPECT_EQ(ids.size(), 700U);
  EXPECT_EQ(train.at(0), "chal-777");
  EXPECT_EQ(train.at(1), "chal-508");
  EXPECT_TRUE(manifest.step_for("test.json")->how.at("pick").at("rest").get<bool>());
}

}  // namespace
}  // namespace austeer
