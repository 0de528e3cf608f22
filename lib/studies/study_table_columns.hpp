#pragma once
// The columns of a study's table, from left to right.

#include <vector>

#include "studies/study_task_columns.hpp"

namespace austeer {

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
