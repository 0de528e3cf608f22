#pragma once
// What describes a task: a YAML file says where the data lie, how a record becomes a prompt, and
// which answers are right and wrong. A new choice task needs such a file and no code:
//
//   name: copa                      # the file's name without .yaml
//   title: COPA                     # optional, as is description
//   dataset: COPA                   # the folder below the datasets folder
//   splits:                         # a file, or several of which the first that exists is read
//     train: train.jsonl
//     test: [test.jsonl, copa-test.xml]
//   prompt: "{premise} ... \nAnswer:\n"
//   label: label                    # the field that holds the right answer's label
//   answers: {0: A, 1: B}           # label: the text that follows the prompt in the pair's texts
//   gold_answers: {0: A, 1: B}      # optional: what the model should generate, where that differs
//   max_new_tokens: 1
//   metric: exact_match             # a name of tasks/metrics.hpp

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace austeer {

/// What one label stands for.
struct TaskAnswer {
  std::string label;
  std::string text;  ///< follows the prompt in the pair's texts
  std::string gold;  ///< what the model should generate
};

/// A task's YAML file, checked and with its defaults filled in.
struct TaskConfig {
  std::string name;
  std::string title;
  std::string description;
  std::string dataset;
  std::vector<std::pair<std::string, std::vector<std::string>>> splits;
  std::string prompt;
  std::string label;
  std::vector<TaskAnswer> answers;  ///< in the order of the file; at least two texts differ
  std::int64_t max_new_tokens = 0;
  std::string metric;
};

/// Reads `document` strictly; `place` (the YAML file) opens messages. Throws FormatError for
/// unknown or missing keys, wrong types, paths that leave the dataset's folder, fewer than two
/// different answers, gold answers for other labels than the answers', and an unknown metric.
TaskConfig read_task_config(const Json& document, const std::string& place);

/// The configuration as JSON, in the form of the YAML file.
Json task_config_json(const TaskConfig& config);

}  // namespace austeer
