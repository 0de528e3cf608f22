// Prompts, golds and pairs of whole data sets against the hashes that tests/reference/task_items.py
// makes in plain Python: of the project's samples always, of the full data where
// AUSTEER_DATASETS points to them (their hashes are in real_data.json).
#include <gtest/gtest.h>
#include <iostream>
#include <set>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/paths.hpp"
#include "tasks/dataset.hpp"
#include "tasks/item.hpp"
#include "tasks/reference.hpp"
#include "tasks/task.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using Path = std::filesystem::path;

const Path source = AUSTEER_SOURCE_DIR;

/// The items of "TASK/SPLIT" or of "TASK/SPLIT from FILE", where only that file is there.
std::vector<Item> items_of(const std::string& split, const Json& expected, const Path& datasets) {
  const std::size_t slash = split.find('/');
  const std::size_t from = split.find(" from ");
  const Task task = load_task(split.substr(0, slash), source / "configs");
  const std::string name = split.substr(slash + 1, from - slash - 1);
  if (from == std::string::npos) return task.items(name, datasets);
  testing::TemporaryFolder folder;
  const Path file = folder / expected.at("file").get<std::string>();
  make_folder(file.parent_path());
  std::filesystem::copy_file(datasets / expected.at("file").get<std::string>(), file);
  return task.items(name, folder.path());
}

void compare(const std::string& split, const Json& expected, const Path& datasets) {
  const std::vector<Item> items = items_of(split, expected, datasets);
  EXPECT_EQ(items.size(), expected.at("items").get<std::size_t>()) << split;
  EXPECT_EQ(prompts_fingerprint(items), expected.at("prompts").get<std::string>()) << split;
  EXPECT_EQ(pairs_fingerprint(items), expected.at("pairs").get<std::string>()) << split;
}

TEST(Items, OfTheSamplesAreThoseOfTheReference) {
  const Json reference = testing::task_reference("items.json");
  std::set<std::string> compared;
  for (const auto& [split, expected] : reference.at("splits").items()) {
    compare(split, expected, source / "datasets" / "samples");
    compared.insert(split.substr(0, split.find(' ')));
  }
  EXPECT_EQ(compared, (std::set<std::string>{"boolq/test", "boolq/train", "copa/test", "copa/train",
                                             "winogrande/test", "winogrande/train"}))
      << "the reference data were not made from datasets/samples";
}

TEST(Items, OfTheFullDataAreThoseOfTheReference) {
  const Path datasets = environment("AUSTEER_DATASETS");
  if (datasets.empty()) GTEST_SKIP() << "AUSTEER_DATASETS is not set";
  const Json reference = read_json(source / "tests" / "tasks" / "real_data.json");
  std::size_t compared = 0;
  for (const auto& [split, expected] : reference.at("splits").items()) {
    const Path file = datasets / expected.at("file").get<std::string>();
    // Another cut of the same data set has other hashes, and says nothing about this room.
    if (!std::filesystem::exists(file) ||
        sha256_file(file) != expected.at("file_sha256").get<std::string>()) {
      continue;
    }
    compare(split, expected, datasets);
    ++compared;
  }
  if (compared == 0) GTEST_SKIP() << datasets << " holds none of the files of real_data.json";
  std::cout << compared << " splits compared\n";
}

TEST(Items, CopasXmlIsItsJsonl) {
  const Path folder = Path(environment("AUSTEER_DATASETS")) / "COPA";
  if (!std::filesystem::exists(folder / "copa-test.xml")) {
    GTEST_SKIP() << "AUSTEER_DATASETS is not set, or holds no COPA/copa-test.xml";
  }
  const auto xml = read_records(folder / "copa-test.xml");
  const auto jsonl = read_records(folder / "test.jsonl");
  ASSERT_EQ(xml.size(), jsonl.size());
  for (std::size_t i = 0; i < xml.size(); ++i) {
    EXPECT_EQ(xml[i].fields, jsonl[i].fields) << xml[i].place;
  }
}

}  // namespace
}  // namespace austeer
