#pragma once
// The table of a study, with rows and columns as the paper has them: methods below the unsteered
// model, controls below their method, a group of columns for each task, ours beside the published
// figure.

#include <optional>
#include <string>
#include <vector>

#include "documents/table.hpp"
#include "reports/results.hpp"
#include "studies/study_table_keys.hpp"

namespace austeer {

// The numbers of a study's table, before anything is written: row by row, task by task.

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

/// Who reads the table.
enum class TableReader {
  person,   ///< a figure and its interval in one cell
  program,  ///< one number a cell, with two decimals: for CSV
};

/// The table that the study's `table:` asks for. What was not run or failed is absent. The best of
/// each column in a model's section is bold, controls aside.
Table make_table(const Study& study, const std::vector<EntryResults>& results,
                 TableReader reader = TableReader::person);

}  // namespace austeer
