#pragma once
// What several test files share: the project's configurations, temporary folders, and the check
// that a refusal says the right thing.

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace austeer::testing {

inline const std::filesystem::path project_configs =
    std::filesystem::path(AUSTEER_SOURCE_DIR) / "configs";

/// A folder of its own for one test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "austeer-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Runs `action` and returns the message of the `Expected` that it throws; fails the test when it
/// throws nothing. Another type of exception passes through to the test runner.
template <typename Expected, typename Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const Expected& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

/// Expects that `action` throws `Expected` with `part` in its message.
template <typename Expected, typename Action>
void expect_refusal(const Action& action, const std::string& part) {
  const std::string message = refusal<Expected>(action);
  EXPECT_NE(message.find(part), std::string::npos) << "message: " << message;
}

}  // namespace austeer::testing
