#include "base/child_process.hpp"

#include <filesystem>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

TEST(ChildProcess, ReportsStatusAndLastLines) {
  const ChildResult result = run_child({"sh", "-c", "printf 'one\n\ntwo\nthree\n'; exit 7"});
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(result.last_lines(2), "two\nthree");
  EXPECT_EQ(run_child({"sh", "-c", "kill -9 $$"}).status, 128 + 9);
  EXPECT_EQ(run_child({"echo", "$HOME; `x`"}).output, "$HOME; `x`\n") << "no shell in between";
}

TEST(ChildProcess, RunsInAnotherFolder) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_child({"pwd", "-P"}, {folder.path()}).output,
            std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST(ChildProcess, WhatCannotBeStartedIsNamedWithTheHint) {
  expect_refusal<FileError>([] { run_child({"/nonexistent/program"}); }, "/nonexistent/program");
  expect_refusal<FileError>(
      [] {
        run_child({"/nonexistent/program"}, {{}, "Install it"});
      },
      "Install it");
}

}  // namespace
}  // namespace austeer
