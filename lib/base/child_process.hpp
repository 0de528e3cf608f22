#pragma once
// Runs another program and waits for it: an argument list, never a shell.

#include <filesystem>
#include <string>
#include <vector>

namespace austeer {

struct ChildResult {
  int status = 0;      ///< exit status; 128 + signal when a signal ended it
  std::string output;  ///< the last 64 KiB of stdout and stderr together

  /// The last `count` non-empty lines of the output, one below the other.
  std::string last_lines(int count) const;
};

struct ChildOptions {
  std::filesystem::path folder;  ///< where it runs; empty: where the caller does
  std::string hint = "Is it installed and in PATH?";  ///< what to try when it cannot be started
};

/// Runs `arguments[0]` (looked up in PATH) with stdin closed and the caller's environment. Throws
/// FileError when it cannot be started.
ChildResult run_child(const std::vector<std::string>& arguments, const ChildOptions& options = {});

/// The program that is running now, such as one to be started again elsewhere.
std::filesystem::path running_program();

/// The Python to run: $AUSTEER_PYTHON, else "python3".
std::string python_program();

/// run_child()'s options for python_program(): what to try when there is none.
ChildOptions python_options();

}  // namespace austeer
