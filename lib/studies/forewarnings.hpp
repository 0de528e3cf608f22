#pragma once
// What a study says before it runs: where it has fewer pairs than it asks for, and races that the
// share of evaluations is too small for.

#include <string>
#include <vector>

#include "studies/entry.hpp"
#include "studies/task_splits.hpp"

namespace austeer {

/// What is to be said of one task's entries, a sentence each: pairs_left_sentence(), and for each
/// method whose race takes more than the study's race_share how much it takes.
std::vector<std::string> task_forewarnings(const Study& study, const TaskSplits& splits,
                                           const std::vector<Entry>& entries);

/// The same for all tasks of `entries`, each once. Reads their data. Throws what TaskSplits throws.
std::vector<std::string> forewarnings(const Study& study, const std::vector<Entry>& entries);

}  // namespace austeer
