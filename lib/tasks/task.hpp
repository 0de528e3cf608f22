#pragma once
// Tasks: from a YAML file (tasks/task_config.hpp) and a data set's records to items, with prompt,
// gold answer and contrastive pair.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "tasks/dataset.hpp"
#include "tasks/item.hpp"
#include "tasks/metrics.hpp"
#include "tasks/task_config.hpp"
#include "text/template.hpp"

namespace austeer {

/// A task: its configuration, and the items that it makes of the data. Immutable.
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
