#pragma once
// Answers for a judge: results of eval as judge() and rate() read them.

#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "judge_server.hpp"
#include "judging/judge_pool.hpp"
#include "runs/result.hpp"
#include "testing.hpp"

namespace austeer::testing {

/// The line of a result with this answer to "Prompt NUMBER".
inline Json judged_item(int number, const std::string& generated) {
  const std::string prompt = fmt::format("Prompt {}", number);
  return {{"place", fmt::format("test.jsonl:{}", number)},
          {"prompt_sha256", sha256(prompt)},
          {"prompt", prompt},
          {"generated", generated},
          {"gold", ""},
          {"correct", false}};
}

/// Results of eval in a folder, and a judge on loopback that reads them.
class JudgedAnswers : public ::testing::Test {
 protected:
  void write_eval(const std::string& name, const std::vector<Json>& items,
                  const std::string& task = "bpo") {
    write_result(folder / name, "eval", {{"task", {{"name", task}}}}, Json::object(),
                 Json::object(), items);
  }
  void write_answers(const std::vector<std::string>& baseline,
                     const std::vector<std::string>& steered) {
    std::vector<Json> lines[2];
    for (std::size_t i = 0; i < baseline.size(); ++i) {
      lines[0].push_back(judged_item(static_cast<int>(i), baseline[i]));
      lines[1].push_back(judged_item(static_cast<int>(i), steered[i]));
    }
    write_eval("baseline.json", lines[0]);
    write_eval("steered.json", lines[1]);
  }
  JudgeOptions options(const std::string& behaviour) {
    JudgeOptions options;
    options.baseline = folder / "baseline.json";
    options.steered = folder / "steered.json";
    options.chat = server.options(behaviour);
    options.cache = folder / "answers.jsonl";
    options.parallel = 3;
    options.out = folder / "judge.json";
    return options;
  }
  std::size_t lines_of_cache() {
    std::ifstream cache(folder / "answers.jsonl");
    std::size_t count = 0;
    for (std::string line; std::getline(cache, line);) ++count;
    return count;
  }

  TemporaryFolder folder;
  JudgeServer server;
};

}  // namespace austeer::testing
