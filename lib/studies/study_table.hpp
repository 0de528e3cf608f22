#pragma once
// The table of a study, with rows and columns as the paper has them: methods below the unsteered
// model, controls below their method, a group of columns for each task, ours beside the published
// figure.

#include <vector>

#include "documents/table.hpp"
#include "studies/results.hpp"

namespace austeer {

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
