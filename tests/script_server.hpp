#pragma once
// A server on loopback that a Python script of tests/reference/ is, for the life of an object.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "base/paths.hpp"

namespace austeer::testing {

inline std::string reference_script(const std::string& name) {
  return AUSTEER_SOURCE_DIR "/tests/reference/" + name;
}

/// Gives an environment variable another value for the life of the object.
class EnvironmentValue {
 public:
  EnvironmentValue(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~EnvironmentValue() {
    if (before_) {
      ::setenv(name_.c_str(), before_->c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }
  EnvironmentValue(const EnvironmentValue&) = delete;
  EnvironmentValue& operator=(const EnvironmentValue&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

/// The script prints its port on the first line of its stdout.
class ScriptServer {
 public:
  ScriptServer(const std::string& name, const std::string& argument) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    const std::string chosen = environment("AUSTEER_PYTHON");
    const std::string python = chosen.empty() ? "python3" : chosen;
    const std::string script = reference_script(name);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execlp(python.c_str(), python.c_str(), script.c_str(), argument.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    log_ = ::fdopen(ends[0], "r");
    const std::string port = next_line();
    if (port.empty()) throw std::runtime_error(name + " did not start");
    address_ = "http://127.0.0.1:" + port;
  }
  ~ScriptServer() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    std::fclose(log_);
  }
  ScriptServer(const ScriptServer&) = delete;
  ScriptServer& operator=(const ScriptServer&) = delete;

  std::string url(const std::string& path) const { return address_ + path; }

  /// The next line that the script prints; waits for it.
  std::string next_line() {
    std::string line;
    for (int c = std::fgetc(log_); c != EOF && c != '\n'; c = std::fgetc(log_)) {
      line += static_cast<char>(c);
    }
    return line;
  }

 private:
  EnvironmentValue no_proxy_{"no_proxy", "127.0.0.1"};
  pid_t child_ = -1;
  std::FILE* log_ = nullptr;
  std::string address_;
};

}  // namespace austeer::testing
