#pragma once
// The numbers of a study's table, before anything is written: row by row, task by task.

#include <optional>
#include <string>
#include <vector>

#include "studies/results.hpp"
#include "studies/study_table_keys.hpp"

namespace austeer {

/// A row on one task.
struct TableValue {
  const Measured* measured = nullptr;               ///< null: not run, or failed
  std::optional<PairedComparison> against_vanilla;  ///< on the same items
  std::optional<double> adjusted_p;                 ///< Holm's, of a comparison that belongs to it
  std::optional<double> published;                  ///< in per cent
  bool is_asked = true;                             ///< false: the method does not run on the task
};

struct StudyRow {
  std::string label;
  bool is_vanilla = false;
  bool is_control = false;                       ///< of the method above it
  std::vector<TableValue> values;                ///< one per task of the study
  std::optional<double> published_average = {};  ///< in per cent, as the study states it
};

struct ModelRows {
  std::string model;
  std::vector<StudyRow> rows;
};

/// The rows of each model, which point into `results`. Comparisons of controls belong to no family
/// and have no adjusted p-value. Variants that met other items than the unsteered model (those of
/// a choice on dev items) are compared with nothing, and it has no row beside them.
std::vector<ModelRows> table_rows(const Study& study, const TableKeys& keys,
                                  const std::vector<EntryResults>& results);

/// How many comparisons have an adjusted p-value.
std::int64_t comparison_count(const std::vector<ModelRows>& models);

/// Whether the task's results say how toxic its answers are.
bool is_detoxification(const StudyTask& task, const std::vector<EntryResults>& results);

/// Whether a judge compared the task's answers.
bool is_judged(const StudyTask& task, const std::vector<EntryResults>& results);

}  // namespace austeer
