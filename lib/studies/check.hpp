#pragma once
// Whether a study can be run: its models, its data and its methods, looked at before anything runs.

#include <span>
#include <string>
#include <vector>

#include "studies/entry.hpp"
#include "studies/study.hpp"
#include "studies/task_splits.hpp"

namespace austeer {

// What a study says before it runs: where it has fewer pairs than it asks for, and races that the
// share of evaluations is too small for.

/// What is to be said of one task's entries, a sentence each: pairs_left_sentence(), and for each
/// method whose race takes more than the study's race_share how much it takes.
std::vector<std::string> task_forewarnings(const Study& study, const TaskSplits& splits,
                                           const std::vector<Entry>& entries);

/// The same for all tasks of `entries`, each once. Reads their data. Throws what TaskSplits throws.
std::vector<std::string> forewarnings(const Study& study, const std::vector<Entry>& entries);

/// What was looked at, and what is wrong with it or should be known of it.
struct StudyCheck {
  std::string what;       ///< "model smollm2-135m-instruct: 30 layers of width 576"
  std::string problem;    ///< "" where it can be run
  std::string note = "";  ///< what the study says before it runs (studies/check.hpp)
};

/// Looks at every model (its files and configuration, not its weights), every task's data and
/// splits, and every variant's options, sites and layers. Throws nothing of that: all problems come
/// back together.
std::vector<StudyCheck> check_study(const Study& study);

/// {"study": its file, "checks": [{"what", "problem", "note"}]}
Json answer_json(const Study& study, std::span<const StudyCheck> checks);

}  // namespace austeer
