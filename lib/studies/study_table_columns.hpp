#pragma once
// The columns of a study's table, from left to right.

#include <vector>

#include "studies/study_task_columns.hpp"

namespace austeer {

/// Name, activations per token, the columns of each task, the average's.
std::vector<StudyColumn> study_columns(const Study& study, const TableKeys& keys,
                                       const std::vector<EntryResults>& results,
                                       const std::vector<ModelRows>& models, TableReader reader);

}  // namespace austeer
