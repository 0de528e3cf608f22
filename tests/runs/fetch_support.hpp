#pragma once
// What the tests of fetch share: a folder with files and archives to fetch, and the web server of
// tests/reference/http_server.py on loopback.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"
#include "runs/child_process.hpp"
#include "testing.hpp"

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

/// A file of 200,000 bytes that differ, so that a piece in the wrong place is seen.
inline std::string fetch_content() {
  std::string content;
  while (content.size() < 200'000) content += fmt::format("line {}\n", content.size());
  content.resize(200'000);
  return content;
}

/// plain.txt (fetch_content()) and the archives of make_archives.py.
class FetchFolder : public TemporaryFolder {
 public:
  FetchFolder() {
    write_file(*this / "plain.txt", fetch_content());
    const ChildResult made = run_child({python_program(), reference_script("make_archives.py"),
                                        path().string(), (*this / "plain.txt").string()});
    if (made.status != 0) throw std::runtime_error("make_archives.py failed: " + made.output);
  }
};

/// The web server, for the life of the object.
class WebServer {
 public:
  explicit WebServer(const std::filesystem::path& folder) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    const std::string python = python_program();
    const std::string script = reference_script("http_server.py");
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execlp(python.c_str(), python.c_str(), script.c_str(), folder.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    log_ = ::fdopen(ends[0], "r");
    const std::string port = next_line();
    if (port.empty()) throw std::runtime_error("http_server.py did not start");
    address_ = "http://127.0.0.1:" + port;
  }
  ~WebServer() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    std::fclose(log_);
  }
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  std::string url(const std::string& path) const { return address_ + path; }

  /// The server's note on the next request: "PATH RANGE STATUS".
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
