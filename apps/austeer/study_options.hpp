#pragma once
// The study that a command line names, and settings that win over its file's.

#include <filesystem>

#include <CLI/CLI.hpp>

#include "base/json.hpp"
#include "studies/study.hpp"

namespace austeer::app {

/// A study as named on a command line.
struct StudyOptions {
  std::filesystem::path file;
  std::filesystem::path out;  ///< as --out names it
  Json run = Json::object();  ///< settings of its runs in place of the file's

  Study open() const { return open_study(file, run); }
  /// The folder of its results.
  std::filesystem::path folder() const { return out.empty() ? study_folder(file) : out; }
};

/// STUDY and --out.
void add_study_options(CLI::App& command, StudyOptions& study);

/// Every setting of a study's `run`.
void add_study_run_options(CLI::App& command, StudyOptions& study);

}  // namespace austeer::app
