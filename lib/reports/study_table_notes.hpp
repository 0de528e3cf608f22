#pragma once
// The sentences under a study's table.

#include <string>
#include <vector>

#include "reports/study_table.hpp"

namespace austeer {

/// What a reader must know of the table with these rows. Which of its columns are there is what
/// `keys` and the rows say.
std::vector<std::string> table_notes(const Study& study, const TableKeys& keys,
                                     const std::vector<EntryResults>& results,
                                     const std::vector<ModelRows>& models);

/// Whether the table has figures that were published, for any of its rows and this task (or the
/// average).
bool has_published(const Study& study, const std::vector<ModelRows>& models,
                   const std::string& task);

/// The tasks whose average the table shows: all but those of detoxification, or these alone where
/// there are no others. Places in Study::tasks.
std::vector<std::size_t> averaged_tasks(const Study& study,
                                        const std::vector<EntryResults>& results);

}  // namespace austeer
