#pragma once
// Studies of a tiny random model on its tiny tasks.

#include <map>
#include <string>
#include <vector>

#include "runs/tiny_runs.hpp"
#include "studies/entry_run.hpp"
#include "studies/study.hpp"

namespace austeer::testing {

/// A task whose choices are compared, and one whose answers are generated.
inline constexpr const char* tiny_tasks =
    "tasks:\n"
    "  chosen: {task: choice.yaml, pairs: 8, dev_items: 4, scoring: choices}\n"
    "  written: {task: open.yaml, pairs: 8, dev_items: 4, items: 3}\n";

/// Two variants, and a control that is drawn.
inline constexpr const char* tiny_methods =
    "methods:\n"
    "  A: {rank: {site: ffn}, plan: {k: 4, alpha: [1, 30]}, controls: [random]}\n";

class TinyStudy {
 public:
  /// The study of the YAML `keys`, without its title and models.
  Study read(const std::string& keys) const {
    write_file(runs_ / "study.yaml",
               "title: T\nmodels: [" + (runs_ / "tiny").string() + "]\n" + keys);
    Study study = read_study(runs_ / "study.yaml");
    study.run.datasets = (runs_ / "data").string();
    study.run.threads = 1;
    if (study.run.dtype == RunOptions().dtype) study.run.dtype = "float32";
    return study;
  }

  Model open(const Study& study) const {
    RunOptions run = study.run;
    run.model = study.models.front();
    return open_model(run);
  }

  StudyFolder results(const std::string& name = "results") const {
    const StudyFolder folder(runs_ / name);
    folder.make();
    return folder;
  }

  const TinyRuns& runs() const { return runs_; }

 private:
  TinyRuns runs_;
};

/// The bytes of all that a study has on disk but its locks, and the times that cells took.
inline std::map<std::string, std::string> study_bytes(const StudyFolder& folder) {
  std::map<std::string, std::string> bytes = bytes_below(folder.root());
  for (auto& [name, content] : bytes) {
    if (!name.starts_with("cells/") || !name.ends_with(".json")) continue;
    Json cell = parse_json(content, name);
    cell.erase("timings");
    content = to_text(cell);
  }
  return bytes;
}

}  // namespace austeer::testing
