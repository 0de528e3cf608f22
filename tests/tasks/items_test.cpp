// Prompts, golds and pairs of whole data sets against the hashes that tests/reference/task_items.py
// makes in plain Python: of the project's samples always, of the full data where
// AUSTEER_DATASETS points to them (their hashes are in real_data.json).
#include <gtest/gtest.h>
#include <iostream>
#include <set>

#include "base/data_json.hpp"
#include "base/hash.hpp"
#include "base/paths.hpp"
#include "tasks/compare_items.hpp"
#include "tasks/dataset.hpp"
#include "tasks/reference.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using Path = std::filesystem::path;

const Path source = AUSTEER_SOURCE_DIR;

TEST(Items, OfTheSamplesAreThoseOfTheReference) {
  const Json reference = testing::task_reference("items.json");
  std::set<std::string> compared;
  for (const auto& [split, expected] : reference.at("splits").items()) {
    testing::compare_items(split, expected, source / "datasets" / "samples");
    compared.insert(split.substr(0, split.find(' ')));
  }
  EXPECT_EQ(compared.size(), 22U) << "the reference data were not made from datasets/samples";
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
    testing::compare_items(split, expected, datasets);
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
    ASSERT_EQ(xml[i].fields.size(), jsonl[i].fields.size()) << xml[i].place;
    for (const auto& [name, value] : jsonl[i].fields.items()) {
      EXPECT_EQ(scalar_text(xml[i].fields.value(name, Json())), scalar_text(value)) << xml[i].place;
    }
  }
}

}  // namespace
}  // namespace austeer
