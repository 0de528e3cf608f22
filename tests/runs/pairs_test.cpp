// Pairs whose wrong answers are found by meaning, with the real sentence encoder: byte for byte
// those of tests/reference/task_items.py, which asks `transformers`. The encoder is fetched by
// tests/run.sh.
#include <gtest/gtest.h>
#include <iostream>

#include "base/paths.hpp"
#include "runs/collect.hpp"
#include "runs/prompts.hpp"
#include "tasks/compare_items.hpp"
#include "tasks/reference.hpp"

namespace austeer {
namespace {

using Path = std::filesystem::path;

const Path source = AUSTEER_SOURCE_DIR;

/// Compares the splits of `reference` that ask for similar answers and whose data are in
/// `datasets`, as the reference had them; returns how many.
int compare_similar(const Json& reference, const Path& datasets) {
  const NearestOthers nearest = nearest_by_meaning();
  int compared = 0;
  for (const auto& [split, expected] : reference.at("splits").items()) {
    const Path file = datasets / expected.at("file").get<std::string>();
    const Task task = load_task(split.substr(0, split.find('/')), source / "configs");
    if (!task.needs_similarity() || !std::filesystem::exists(file) ||
        sha256_file(file) != expected.at("file_sha256").get<std::string>()) {
      continue;
    }
    testing::compare_items(split, expected, datasets, nearest);
    ++compared;
  }
  return compared;
}

TEST(SimilarAnswers, OfTheSamplesAreThoseOfTheReference) {
  EXPECT_EQ(compare_similar(testing::task_reference("items.json"), source / "datasets" / "samples"),
            6);
}

TEST(SimilarAnswers, OfTheFullDataAreThoseOfTheReference) {
  const Path datasets = environment("AUSTEER_DATASETS");
  if (datasets.empty()) GTEST_SKIP() << "AUSTEER_DATASETS is not set";
  const int compared =
      compare_similar(read_json(source / "tests" / "tasks" / "real_data.json"), datasets);
  if (compared == 0) GTEST_SKIP() << datasets << " holds none of the files of real_data.json";
  std::cout << compared << " splits compared\n";
}

}  // namespace
}  // namespace austeer
