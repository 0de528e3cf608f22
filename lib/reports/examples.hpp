#pragma once
// Answers side by side: what the unsteered model and each method say to the same items.

#include <vector>

#include "documents/table.hpp"
#include "reports/results.hpp"
#include "studies/folder.hpp"

namespace austeer {

/// For each model and task a table with a section for each of the items that the study's
/// `examples:` asks for, and in it a row for the unsteered model and each of its methods as it was
/// chosen (of draws the first): toxicity, or whether it is right, and how the answer begins. The
/// items are those on which the first method that has results made answers least toxic, or, of
/// other tasks, changed them, for the better before for the worse. Where a task has no answers in
/// words, or nothing to compare, it has no table. Throws FormatError for broken cells.
std::vector<Table> example_tables(const Study& study, const StudyFolder& folder,
                                  const std::vector<EntryResults>& results);

}  // namespace austeer
