#pragma once
// Whether a study can be run: its models, its data and its methods, looked at before anything runs.

#include <string>
#include <vector>

#include "studies/study.hpp"

namespace austeer {

/// What was looked at, and what is wrong with it or should be known of it.
struct StudyCheck {
  std::string what;       ///< "model smollm2-135m-instruct: 30 layers of width 576"
  std::string problem;    ///< "" where it can be run
  std::string note = "";  ///< what the study says before it runs (studies/forewarnings.hpp)
};

/// Looks at every model (its files and configuration, not its weights), every task's data and
/// splits, and every variant's options, sites and layers. Throws nothing of that: all problems come
/// back together.
std::vector<StudyCheck> check_study(const Study& study);

}  // namespace austeer
