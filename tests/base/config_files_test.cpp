#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/paths.hpp"
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

}  // namespace
}  // namespace austeer
