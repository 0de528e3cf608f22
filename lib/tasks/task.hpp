#pragma once
// Tasks: a YAML file says where the data lie, how a record becomes a prompt, and which answers are
// right and wrong. A new choice task needs such a file and no code:
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
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "tasks/dataset.hpp"
#include "tasks/item.hpp"
#include "tasks/metrics.hpp"
#include "text/template.hpp"

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

class Task {
 public:
  /// Reads a task strictly; `place` (the YAML file) opens messages. Throws FormatError.
  Task(const Json& document, const std::string& place);

  const TaskConfig& config() const { return config_; }
  const std::string& name() const { return config_.name; }

  /// The items of `split_expression` (tasks/split.hpp) from `datasets_folder`/DATASET. The negative
  /// text of a pair ends with the next answer in the order of the YAML file, the first after the
  /// last: with two answers, the other one. Throws UsageError for an unknown split or an impossible
  /// range; FileError where the data are missing; FormatError for broken data, a record that lacks
  /// one of the template's fields, and a record without a label (hidden test labels).
  std::vector<Item> items(std::string_view split_expression,
                          const std::filesystem::path& datasets_folder) const;

  /// Whether `generated` is right by the task's metric.
  bool is_correct(std::string_view generated, const Item& item) const;

  /// The configuration with its defaults filled in, for a result's record.
  Json resolved() const;

  /// SHA-256 of the resolved configuration without title and description: what the items and their
  /// scores depend on.
  std::string fingerprint() const;

 private:
  std::filesystem::path data_file(const std::string& split,
                                  const std::filesystem::path& datasets_folder) const;
  Item item(const Record& record) const;
  std::size_t answer_index(const Record& record) const;

  TaskConfig config_;
  Template prompt_;
  Metric metric_;
};

/// The names of all tasks: the YAML files in `configs_folder`/tasks, sorted.
std::vector<std::string> task_names(const std::filesystem::path& configs_folder);

/// The task called `name` in `configs_folder`/tasks, or the one in a file, where `name_or_path` is
/// a path (it ends with .yaml or .yml, or has a slash). Throws UsageError with the nearest name for
/// an unknown one, FileError, FormatError.
Task load_task(const std::string& name_or_path, const std::filesystem::path& configs_folder);

}  // namespace austeer
