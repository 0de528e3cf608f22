#include "base/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/paths.hpp"
#include "base/scan.hpp"

namespace austeer {
namespace {

constexpr std::size_t output_limit = 64 << 10;

pid_t spawn(const std::vector<std::string>& arguments, const ChildOptions& options, int output) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  if (!options.folder.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, options.folder.c_str());
  }
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw FileError("process", fmt::format("cannot run {}: {}", arguments[0], std::strerror(error)),
                    options.hint);
  }
  return child;
}

std::string read_tail(int descriptor) {
  std::string output;
  std::array<char, 4096> piece{};
  while (true) {
    const ssize_t size = ::read(descriptor, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return output;
    output.append(piece.data(), static_cast<std::size_t>(size));
    if (output.size() > 2 * output_limit) output.erase(0, output.size() - output_limit);
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string ChildResult::last_lines(int count) const {
  std::vector<std::string_view> lines = lines_of(output);
  std::erase(lines, "");
  const std::size_t kept = std::min<std::size_t>(lines.size(), static_cast<std::size_t>(count));
  std::string text;
  for (std::size_t i = lines.size() - kept; i < lines.size(); ++i) {
    text.append(text.empty() ? "" : "\n").append(lines[i]);
  }
  return text;
}

ChildResult run_child(const std::vector<std::string>& arguments, const ChildOptions& options) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw FileError("process", fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  pid_t child = -1;
  try {
    child = spawn(arguments, options, ends[1]);
  } catch (...) {
    ::close(ends[0]);
    ::close(ends[1]);
    throw;
  }
  ::close(ends[1]);
  ChildResult result;
  result.output = read_tail(ends[0]);
  ::close(ends[0]);
  result.status = wait_for(child);
  if (result.output.size() > output_limit) {
    result.output.erase(0, result.output.size() - output_limit);
  }
  return result;
}

std::filesystem::path running_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

std::string python_program() {
  const std::string chosen = environment("AUSTEER_PYTHON");
  return chosen.empty() ? "python3" : chosen;
}

ChildOptions python_options() {
  return {{}, "Is it installed and in PATH? AUSTEER_PYTHON names another one"};
}

}  // namespace austeer
