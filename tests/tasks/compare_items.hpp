#pragma once
// Items and pairs of a split against the hashes that tests/reference/task_items.py made.

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "tasks/task.hpp"
#include "testing.hpp"

namespace austeer::testing {

/// Runs `use` with the folder that holds the file of "TASK/SPLIT"; of "TASK/SPLIT from FILE" with
/// one where only that file is there.
template <typename Use>
auto with_data(const std::string& split, const Json& expected,
               const std::filesystem::path& datasets, const Use& use) {
  if (split.find(" from ") == std::string::npos) return use(datasets);
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / expected.at("file").get<std::string>();
  make_folder(file.parent_path());
  std::filesystem::copy_file(datasets / expected.at("file").get<std::string>(), file);
  return use(folder.path());
}

inline std::string classes_fingerprint(const std::vector<Pair>& pairs) {
  Sha256 hash;
  for (const Pair& pair : pairs) hash.update(pair.answer_class).update(std::string_view("\0", 1));
  return hash.hex();
}

inline void compare_pairs(const std::string& split, const Json& expected,
                          const std::vector<Pair>& pairs) {
  EXPECT_EQ(pairs.size(), expected.at("pair_count").get<std::size_t>()) << split;
  EXPECT_EQ(pairs_fingerprint(pairs), expected.at("pairs").get<std::string>()) << split;
  EXPECT_EQ(classes_fingerprint(pairs), expected.at("classes").get<std::string>()) << split;
  EXPECT_EQ(answers_fingerprint(pairs), expected.at("answers").get<std::string>()) << split;
}

/// Compares items, and pairs where no answers are compared by meaning or `nearest` can do so.
inline void compare_items(const std::string& split, const Json& expected,
                          const std::filesystem::path& datasets,
                          const NearestOthers& nearest = {}) {
  const std::size_t slash = split.find('/');
  const Task task = load_task(split.substr(0, slash), testing::project_configs);
  const std::string name = split.substr(slash + 1, split.find(" from ") - slash - 1);
  if (!expected.at("prompts").is_null()) {
    const auto items = with_data(split, expected, datasets,
                                 [&](const auto& folder) { return task.items(name, folder); });
    EXPECT_EQ(items.size(), expected.at("items").get<std::size_t>()) << split;
    EXPECT_EQ(prompts_fingerprint(items), expected.at("prompts").get<std::string>()) << split;
  }
  if (expected.at("pairs").is_null() || (task.needs_similarity() && !nearest)) return;
  compare_pairs(split, expected, with_data(split, expected, datasets, [&](const auto& folder) {
                  return task.pairs(name, folder, nearest);
                }));
}

}  // namespace austeer::testing
