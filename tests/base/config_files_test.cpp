#include "base/config_files.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

TEST(ConfigFiles, ListsAndFindsYamlFiles) {
  TemporaryFolder folder;
  write_file(folder / "copa.yaml", "");
  write_file(folder / "boolq.yaml", "");
  write_file(folder / "notes.txt", "");
  const std::vector<std::string> expected = {"boolq", "copa"};
  EXPECT_EQ(config_names(folder.path()), expected);
  EXPECT_EQ(config_file("task", "copa", folder.path()), folder / "copa.yaml");
  expect_refusal<UsageError>([&] { config_file("task", "cop", folder.path()); },
                             "unknown task 'cop'. did you mean 'copa'?");
  expect_refusal<UsageError>([&] { config_file("task", "../copa", folder.path()); },
                             "unknown task");
  expect_refusal<FileError>([&] { config_names(folder / "none"); }, "cannot list");
}

TEST(ConfigFiles, NamesAndPathsThatLeadOutAreSeen) {
  for (const char* good : {"a", "COPA", "train_m.jsonl", "x-1.0"}) EXPECT_TRUE(is_plain_name(good));
  for (const char* bad : {"", ".", "..", ".a", "-a", "a/b", "a\\b", "a b", "ä"}) {
    EXPECT_FALSE(is_plain_name(bad)) << bad;
  }
  for (const char* good : {"a", "a/b.txt", "a b/c"}) EXPECT_TRUE(is_inner_path(good));
  for (const char* bad : {"", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "a\\b", "a\nb"}) {
    EXPECT_FALSE(is_inner_path(bad)) << bad;
  }
}

TEST(ConfigFiles, DigestsAreLowerCaseHex) {
  EXPECT_TRUE(is_sha256(std::string(64, 'a')));
  EXPECT_FALSE(is_sha256(std::string(64, 'A')));
  EXPECT_FALSE(is_sha256(std::string(63, 'a')));
  EXPECT_FALSE(is_sha256(std::string(64, 'g')));
}

}  // namespace
}  // namespace austeer
