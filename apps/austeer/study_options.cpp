#include "study_options.hpp"

#include "setting_options.hpp"

namespace austeer::app {

void add_study_options(CLI::App& command, StudyOptions& study) {
  command.add_option("study", study.file, "YAML file of the study")
      ->required()
      ->check(CLI::ExistingFile);
  command.add_option("--out", study.out, "folder of its results. Default: austeer-studies/NAME");
}

void add_study_run_options(CLI::App& command, StudyOptions& study) {
  const RunOptions run;
  GivenOptions data(command, study.run, "folder with the datasets; as in `austeer eval`");
  describe_data(data, run);
  GivenOptions others(command, study.run, "in place of the study's", {"model", "datasets"});
  describe(others, run);
}

}  // namespace austeer::app
