#pragma once
// What the tests of fetch share: a folder with files and archives to fetch, and the web server of
// tests/reference/http_server.py on loopback.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

#include "base/child_process.hpp"
#include "base/files.hpp"
#include "script_server.hpp"
#include "testing.hpp"

namespace austeer::testing {

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

/// The web server, for the life of the object. Its lines are its notes on the requests:
/// "PATH RANGE STATUS".
class WebServer : public ScriptServer {
 public:
  explicit WebServer(const std::filesystem::path& folder)
      : ScriptServer("http_server.py", folder.string()) {}
};

}  // namespace austeer::testing
