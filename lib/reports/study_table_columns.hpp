#pragma once
// The columns of a study's table, from left to right.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/study_table.hpp"

namespace austeer {

// The columns of one task in a study's table: ours, the difference to the unsteered model, the
// share of answers in form and what is right of those, the published figure and the difference to
// that; of a detoxification also cost and fluency.

struct StudyColumn {
  Column column;
  std::function<Cell(const StudyRow&)> cell;
  /// Of which the largest is set bold; empty where nothing is.
  std::function<std::optional<double>(const StudyRow&)> value = {};
};

struct TaskColumnsAsked {
  std::string name;
  std::size_t task = 0;         ///< its place in a row's values
  std::string accuracy_header;  ///< "ours (%)"
  bool published = false;
  bool toxic = false;
  bool judged = false;  ///< accuracies are win rates
  bool intervals = true;
  bool form = false;   ///< results say how many answers are in form
  bool draws = false;  ///< any row is the mean of several draws
  TableReader reader = TableReader::person;
};

std::vector<StudyColumn> task_columns(const TaskColumnsAsked& asked);

/// A column of single numbers, absent where `value` has none.
StudyColumn number_column(const std::string& group, const std::string& header,
                          std::function<std::optional<double>(const StudyRow&)> value,
                          std::function<std::string(double)> text);

/// A share minus a figure in per cent, where both are there.
std::optional<double> minus_published(std::optional<double> ours, std::optional<double> published);

/// Decimals of per cent and points.
int shown_decimals(TableReader reader);

/// Name, activations per token, the columns of each task, the average's.
std::vector<StudyColumn> study_columns(const Study& study, const TableKeys& keys,
                                       const std::vector<EntryResults>& results,
                                       const std::vector<ModelRows>& models, TableReader reader);

/// The columns of one task alone, without a group, its activations per token among them.
std::vector<StudyColumn> columns_of_task(const Study& study, const TableKeys& keys,
                                         const std::vector<EntryResults>& results,
                                         const std::vector<ModelRows>& models, TableReader reader,
                                         std::size_t task);

}  // namespace austeer
