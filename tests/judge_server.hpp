#pragma once
// The judge of tests/reference/judge_server.py, and options to ask it with.

#include <fstream>
#include <string>
#include <vector>

#include "judging/chat_client.hpp"
#include "script_server.hpp"
#include "testing.hpp"

namespace austeer::testing {

class JudgeServer {
 public:
  /// Options for a judge that behaves as `behaviour`; pauses are short, one behaviour's key is in
  /// the variable JUDGE_TEST_KEY, if anywhere.
  ChatOptions options(const std::string& behaviour) const {
    ChatOptions chat;
    chat.endpoint = server_.url("/" + behaviour + "/v1");
    chat.model = "test-judge";
    chat.key_variable = "JUDGE_TEST_KEY";
    chat.tries = 4;
    chat.first_pause_seconds = 0.001;
    chat.longest_pause_seconds = 0.01;
    return chat;
  }

  /// The requests so far: "BEHAVIOUR TRY DIGEST AUTHORIZATION".
  std::vector<std::string> requests() const {
    std::ifstream log(log_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(log, line);) lines.push_back(line);
    return lines;
  }

 private:
  TemporaryFolder folder_;
  std::filesystem::path log_ = folder_ / "log";
  ScriptServer server_{"judge_server.py", log_.string()};
};

}  // namespace austeer::testing
