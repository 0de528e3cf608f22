#pragma once
// Tasks: from a YAML file (tasks/task_config.hpp) and a data set's records to items, which ask and
// know what is right, and to contrastive pairs.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/names.hpp"
#include "tasks/dataset.hpp"
#include "tasks/metrics.hpp"
#include "tasks/record.hpp"
#include "tasks/task_config.hpp"
#include "text/template.hpp"

namespace austeer {

// Where the wrong answer of a pair comes from: building blocks that a task names.

/// For each of the texts the index of the most similar other one among the first `pool` of them (at
/// least two), the lower one among equals.
using NearestOthers =
    std::function<std::vector<std::size_t>(std::span<const std::string> texts, std::size_t pool)>;

/// Where wrong answers are drawn from, and what stands for one that has the right one's text.
struct WrongAnswerSource {
  std::size_t pool = 0;  ///< the first so many answers of the split
  std::string blank = " ";
};

/// The answers of a whole split, in order, and how a wrong one is found for each. `nearest` may be
/// empty for blocks that do not compare.
struct WrongAnswers {
  bool compares = false;  ///< needs `nearest`
  std::function<std::vector<std::string>(std::span<const std::string> right,
                                         const WrongAnswerSource& source,
                                         const NearestOthers& nearest)>
      choose;
};

/// The building blocks by name:
///   next                    the next answer of the pool that has another text, the first behind
///                           the last, and for an answer from beyond the pool
///   most_similar            the most similar other answer of the pool (paper: by
///                           all-MiniLM-L6-v2); the blank where that has the right one's text
///   most_similar_different  the most similar answer of the pool among those of another text
/// Their functions throw FormatError where no answer of the pool differs from another.
const Registry<WrongAnswers>& wrong_answers();

/// A task: its configuration, and the items and pairs that it makes of the data. Immutable.
class Task {
 public:
  /// Reads a task strictly; `place` (the YAML file) opens messages. Throws FormatError.
  Task(const Json& document, const std::string& place);

  const TaskConfig& config() const { return config_; }
  const std::string& name() const { return config_.name; }
  MetricKind metric() const { return metric_.kind; }

  /// The items of `split_expression` (tasks/dataset.hpp) from `datasets_folder`/DATASET. Throws
  /// UsageError for an unknown split or an impossible range; FileError where the data are missing;
  /// FormatError for broken data, a record that lacks one of the template's fields or has a list or
  /// an object there (but for a gold, where a list means any of them), and a record without a label
  /// (hidden test labels).
  std::vector<Item> items(std::string_view split_expression,
                          const std::filesystem::path& datasets_folder) const;

  /// The pairs of `split_expression`, whose range counts pairs. `nearest` is asked only where
  /// needs_similarity(); wrong answers come from the whole split, whatever the range. Throws as
  /// items() does; UsageError for a task that makes no pairs.
  std::vector<Pair> pairs(std::string_view split_expression,
                          const std::filesystem::path& datasets_folder,
                          const NearestOthers& nearest = {}) const;

  /// Whether pairs() compares answers by their meaning.
  bool needs_similarity() const;

  /// Whether `generated` is right by the task's metric, which must be of kind comparison: whether
  /// it compares with any of the item's golds.
  bool is_correct(std::string_view generated, const Item& item) const;

  /// The task with another metric (tasks/metrics.hpp). Throws UsageError with the nearest known one
  /// for an unknown name, FormatError where the task has no gold answer for it to compare with.
  Task with_metric(const std::string& name) const;

  /// The most tokens that a model of `family` ("llama", "qwen3", ...) generates.
  std::int64_t max_new_tokens(const std::string& family) const;

  /// The configuration with its defaults filled in, for a result's record.
  Json resolved() const;

  /// SHA-256 of the resolved configuration without title and description: what the items and their
  /// scores depend on.
  std::string fingerprint() const;

 private:
  /// The templates of one label's answer.
  struct Answer {
    Template text;
    Template gold;
  };

  /// The templates of one text of a pair.
  struct Side {
    Template prompt;
    Template text;
  };

  static std::string filled(const Template& text, const Record& record);
  std::filesystem::path data_file(const std::string& split,
                                  const std::filesystem::path& datasets_folder) const;
  std::vector<Record> records(const std::string& split,
                              const std::filesystem::path& datasets_folder) const;
  Item item(const Record& record) const;
  std::size_t answer_index(const Record& record) const;
  std::vector<Pair> pairs_of_answers(const std::vector<Record>& records,
                                     const NearestOthers& nearest) const;
  std::vector<Pair> pairs_of_texts(const std::vector<Record>& records) const;
  std::string wrong_choice(const Record& record, std::size_t right) const;

  TaskConfig config_;
  Template prompt_;
  Template system_;
  std::vector<Answer> answers_;   // of a choice task
  std::optional<Answer> answer_;  // of an open one
  std::optional<std::pair<Side, Side>> pair_texts_;
  Metric metric_;
};

/// The names of all tasks: the YAML files in `configs_folder`/tasks, sorted.
std::vector<std::string> task_names(const std::filesystem::path& configs_folder);

/// The task called `name` in `configs_folder`/tasks, or the one in a file, where `name_or_path` is
/// a path (it ends with .yaml or .yml, or has a slash). Throws UsageError with the nearest name for
/// an unknown one, FileError, FormatError.
Task load_task(const std::string& name_or_path, const std::filesystem::path& configs_folder);

}  // namespace austeer
