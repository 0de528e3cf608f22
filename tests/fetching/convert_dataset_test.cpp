// Steps of a manifest: files made of what fetch brought over loopback; what is refused.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "fetch_support.hpp"
#include "fetching/dataset_manifest.hpp"
#include "fetching/fetch.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::FetchFolder;
using testing::refusal;
using testing::WebServer;

const std::string five =
    R"([{"ID": "c-1", "n": 1.0}, {"ID": "c-2", "n": 2.50}, {"ID": "c-3", "n": 3e22},
 {"ID": "c-4", "n": 4, "t": "\u00e9 \"q\""}, {"ID": "c-5", "n": null}])";

/// A dataset Made with the files and steps of a test.
class ConvertDataset : public ::testing::Test {
 protected:
  void SetUp() override {
    make_folder(source / "manifests");
    make_folder(source / "datasets");
    write_file(source / "all.json", five);
  }

  std::string from(const std::string& name) const {
    return fmt::format("  - {{file: {}, urls: [\"{}\"], sha256: unverified}}\n", name,
                       server.url("/files/" + name));
  }
  void manifest(const std::string& files, const std::string& steps) {
    write_file(source / "manifests/made.yaml",
               "name: made\nfolder: Made\nhomepage: https://example.org\nlicence: CC0\ncitations:\n"
               "  - {key: k, authors: A, title: T, venue: V, year: 2020}\nfiles:\n" +
                   files + "convert:\n" + steps);
  }
  FetchReport fetch() { return fetch_dataset("made", source / "manifests", source / "datasets"); }
  std::filesystem::path fetched(const std::string& name) const {
    return source / ("datasets/Made/" + name);
  }
  /// The only step makes a.jsonl of `name`, whose content is `content`.
  void one_step(const std::string& name, const std::string& content, const std::string& more) {
    write_file(source / name, content);
    manifest(from(name), fmt::format("  - {{file: a.jsonl, from: {}{}}}\n", name, more));
  }

  FetchFolder source;
  WebServer server{source.path()};
};

const std::string by_ids =
    "  - {file: train.json, from: all.json, records: 2, "
    "pick: {field: ID, prefix: c-, values: [4, 2]}}\n"
    "  - {file: test.jsonl, from: all.json, records: 3, rest_of: train.json}\n";

TEST_F(ConvertDataset, PicksByIdsInTheirOrderAndTheRest) {
  manifest(from("all.json"), by_ids);
  const FetchReport first = fetch();
  ASSERT_EQ(first.files.size(), 3U);
  for (const FetchedFile& file : first.files) {
    EXPECT_TRUE(file.downloaded) << file.file;
    EXPECT_EQ(sha256(read_file(file.file)), file.sha256);
    EXPECT_EQ(read_file(file.file.string() + ".sha256").substr(0, 64), file.sha256);
  }
  EXPECT_EQ(to_text(read_json(fetched("train.json"))),
            R"([{"ID":"c-4","n":4,"t":"é \"q\""},{"ID":"c-2","n":2.5}])");
  EXPECT_EQ(read_file(fetched("test.jsonl")),
            "{\"ID\": \"c-1\", \"n\": 1.0}\n{\"ID\": \"c-3\", \"n\": 3e+22}\n"
            "{\"ID\": \"c-5\", \"n\": null}\n");
  EXPECT_FALSE(std::filesystem::exists(fetched("train.json.partial")));
  EXPECT_FALSE(std::filesystem::exists(fetched("train.json.partial.step")));
}

TEST_F(ConvertDataset, WhatIsMadeIsCheckedAndNotMadeAgain) {
  manifest(from("all.json"), by_ids);
  fetch();
  std::filesystem::remove(source / "all.json");
  std::filesystem::remove(fetched("all.json"));
  const FetchReport again = fetch();
  ASSERT_EQ(again.files.size(), 2U) << "the source is not asked for";
  for (const FetchedFile& file : again.files) EXPECT_FALSE(file.downloaded);

  write_file(fetched("train.json"), "[]");
  expect_refusal<FormatError>([&] { fetch(); }, "than the manifest makes of all.json");
  EXPECT_EQ(read_file(fetched("train.json")), "[]") << "never replaced";
}

TEST_F(ConvertDataset, AFileOfThatNameIsComparedWithWhatWouldBeMade) {
  manifest(from("all.json"), by_ids);
  fetch();
  const std::string right = read_file(fetched("train.json"));
  std::filesystem::remove(fetched("train.json.sha256"));
  EXPECT_FALSE(fetch().files.at(1).downloaded);
  EXPECT_TRUE(std::filesystem::exists(fetched("train.json.sha256"))) << "recorded from now on";

  std::filesystem::remove(fetched("train.json.sha256"));
  write_file(fetched("train.json"), "[{\"ID\": \"c-1\"}]");
  const std::string message = refusal<FormatError>([&] { fetch(); });
  EXPECT_NE(message.find("train.json"), std::string::npos);
  EXPECT_NE(message.find("expected sha256 " + sha256(right)), std::string::npos) << message;
  EXPECT_NE(message.find("move it away"), std::string::npos) << message;
  EXPECT_EQ(read_file(fetched("train.json")), "[{\"ID\": \"c-1\"}]");
}

TEST_F(ConvertDataset, CutsByCounts) {
  manifest(
      from("all.json"),
      "  - {file: a.json, from: all.json, records: 3, first: 3}\n"
      "  - {file: b.jsonl, from: all.json, records: 1, skip: 3, first: 1, fields: {id: ID}}\n");
  fetch();
  EXPECT_EQ(read_json(fetched("a.json")).size(), 3U);
  EXPECT_EQ(read_file(fetched("b.jsonl")), "{\"id\": \"c-4\"}\n");
}

TEST_F(ConvertDataset, CsvAndJsonl) {
  one_step("x.csv", "Q,A\r\n\"a, \"\"b\"\"\nc\",1.0\r\nd,\r\n",
           ", records: 2, fields: {q: Q, a: A}");
  fetch();
  EXPECT_EQ(read_file(fetched("a.jsonl")),
            "{\"q\": \"a, \\\"b\\\"\\nc\", \"a\": \"1.0\"}\n{\"q\": \"d\", \"a\": \"\"}\n");
  std::filesystem::remove_all(source / "datasets/Made");
  one_step("x.jsonl", "{\"a\": 1}\n\n{\"a\": [true]}\n", ", records: 1, skip: 1");
  fetch();
  EXPECT_EQ(read_file(fetched("a.jsonl")), "{\"a\": [true]}\n");
}

TEST_F(ConvertDataset, ParquetWithAFieldCutInTwo) {
  manifest(from("sums.parquet"),
           "  - {file: a.jsonl, from: sums.parquet, records: 3, "
           "split: {field: answer, at: \"####\", into: [equation, answer]}}\n");
  fetch();
  EXPECT_EQ(
      read_file(fetched("a.jsonl")),
      "{\"question\": \"Mary has 2 apples and gets 4 more . How many now ?\", \"even\": true, "
      "\"equation\": \"2 + 4 = 6\", \"answer\": \"6\"}\n"
      "{\"question\": \"A box of 3 pens is shared by 3 . How many each ?\", \"even\": null, "
      "\"equation\": \"3 / 3 = 1\", \"answer\": \"1\"}\n"
      "{\"question\": \"Tom runs 5 miles and 2.5 more . How far ?\", \"even\": false, "
      "\"equation\": \"5 + 2.5 = 7.5\", \"answer\": \"7.5\"}\n");
}

TEST_F(ConvertDataset, AnotherSourceWhereNoAddressGivesTheFile) {
  const std::string step = "  - {file: gone.jsonl, from: all.json, records: 5}\n";
  manifest(from("gone.jsonl") + from("all.json"), step);
  const FetchReport report = fetch();
  ASSERT_FALSE(report.warnings.empty());
  EXPECT_NE(report.warnings.back().find("HTTP status 404"), std::string::npos);
  EXPECT_NE(report.warnings.back().find("made of all.json instead"), std::string::npos);
  EXPECT_EQ(report.files.back().file, fetched("gone.jsonl"));

  std::filesystem::remove_all(source / "datasets/Made");
  std::filesystem::rename(source / "all.json", source / "kept.json");
  const std::string message = refusal<FileError>([&] { fetch(); });
  for (const char* part : {"no address gave gone.jsonl", "Nor could it be made of all.json",
                           "no address gave all.json"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }

  write_file(source / "gone.jsonl", "{}\n");
  EXPECT_EQ(fetch().files.size(), 1U) << "the source is brought only where it is needed";
  EXPECT_EQ(read_file(fetched("gone.jsonl")), "{}\n");
}

TEST_F(ConvertDataset, SourcesThatAreNotWhatTheStepExpects) {
  const auto refused = [&](const std::string& name, const std::string& content,
                           const std::string& more, const std::string& message) {
    std::filesystem::remove_all(source / "datasets/Made");
    one_step(name, content, more);
    expect_refusal<FormatError>([&] { fetch(); }, message);
    EXPECT_FALSE(std::filesystem::exists(fetched("a.jsonl"))) << message;
    EXPECT_FALSE(std::filesystem::exists(fetched("a.jsonl.partial"))) << message;
  };
  const std::string pick = ", records: 1, pick: {field: ID, values: [c-1]}";
  refused("x.json", "[1, 2]", ", records: 3", "2 records for it, where there should be 3");
  refused("x.json", "[{\"ID\": \"c-2\"}]", pick, "no record has the ID 'c-1' (1 such)");
  refused("x.json", "[{\"ID\": \"c-1\"}, {\"ID\": \"c-1\"}]", pick,
          "two records have the ID 'c-1'");
  refused("x.json", "[{\"id\": 1}]", pick, "a record has no field 'ID'");
  refused("x.json", "[3]", pick, "a record has no field 'ID'");
  refused("x.json", "{\"a\": [], \"b\": []}", pick, "no list of records");
  refused("x.json", "[{]", pick, "a damaged one (JSONDecodeError");
  refused("x.json", std::string(100'000, '['), pick, "a damaged one (RecursionError");
  refused("x.json", "[\"\xff\"]", pick, "a damaged one (UnicodeDecodeError");
  refused("x.jsonl", "{\"a\": 1}\n{\n", ", records: 2", "a damaged one (JSONDecodeError");
  refused("x.csv", "a,b\n\"1,2\n", ", records: 1", "a damaged one (Error('unexpected end of data'");
  refused("x.jsonl", "{\"a\": \"1 ### 2\"}\n",
          ", records: 1, split: {field: a, at: \"####\", into: [b, c]}", "has no '####'");
  const std::string parquet = read_file(source / "sums.parquet");
  refused("x.parquet", "PAR1", ", records: 3", "a damaged one");
  refused("x.parquet", parquet.substr(0, 300) + parquet.substr(310), ", records: 3",
          "a damaged one");
  std::string huge = parquet;
  huge.replace(huge.size() - 8, 4, "\xff\xff\xff\x7f");
  refused("x.parquet", huge, ", records: 3", "a damaged one");
}

TEST_F(ConvertDataset, StepsThatCannotBe) {
  const auto refused = [&](const std::string& steps, const std::string& message) {
    manifest(from("all.json"), steps);
    expect_refusal<FormatError>([&] { load_dataset_manifest("made", source / "manifests"); },
                                message);
  };
  const auto step = [](const std::string& text) { return "  - {" + text + "}\n"; };
  refused(step("file: ../a.json, from: all.json, records: 1"), "a plain name");
  refused(step("file: a.csv, from: all.json, records: 1"), "ends with .json or .jsonl");
  refused(step("file: a.json, from: all.zip, records: 1"), ".json, .jsonl, .csv or .parquet");
  refused(step("file: a.json, from: all.json"), "the key 'records' is missing");
  refused(step("file: a.json, from: all.json, records: 0"), "a positive number");
  refused(step("file: a.json, from: all.json, records: 1, last: 2"), "unknown key 'last'");
  refused(step("file: a.json, from: all.json, records: 1, pick: {field: ID, values: []}"),
          "one value or more");
  refused(step("file: a.json, from: all.json, records: 1, pick: {field: ID, values: [[1]]}"),
          "texts or numbers");
  refused(step("file: a.json, from: all.json, records: 1, rest_of: b.json"), "a step above");
  refused(step("file: a.json, from: all.json, records: 1, "
               "split: {field: a, at: x, into: [b]}"),
          "two names of fields");
  refused(step("file: a.json, from: other.json, records: 1"), "under `files`");
  refused(step("file: a.json, from: all.json, records: 1") +
              step("file: a.json, from: all.json, records: 1"),
          "2 steps");
}

}  // namespace
}  // namespace austeer
