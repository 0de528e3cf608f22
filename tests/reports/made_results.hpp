#pragma once
// A study whose results were never computed but written down, so that every figure of its table
// and report can be worked out by hand.

#include <fmt/format.h>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "reports/results.hpp"
#include "runs/result.hpp"
#include "testing.hpp"

namespace austeer::testing {

/// "1110": the first `right` of `count` items are right.
inline std::string hits(std::size_t right, std::size_t count) {
  return std::string(right, '1') + std::string(count - right, '0');
}

class MadeStudy {
 public:
  explicit MadeStudy(const std::string& yaml) : folder_(place_.path() / "results") {
    write_file(place_ / "study.yaml", yaml);
    study_ = read_study(place_ / "study.yaml");
    folder_.make();
  }

  const Study& study() const { return study_; }
  Study& study() { return study_; }
  const StudyFolder& folder() const { return folder_; }
  std::vector<EntryResults> results() const { return read_results(study_, folder_); }

  /// Writes a cell, an item for each letter: '1' where it is right. `also` joins its outcome,
  /// `configuration` its configuration. Returns its key.
  std::string cell(const std::string& items, std::int64_t activations = 0,
                   const Json& also = Json::object(), const Json& configuration = Json::object()) {
    const std::string key = fmt::format("cell{}", ++cells_);
    Json config = {{"model", "m"},           {"model_fingerprint", "weights-of-m"},
                   {"device", "cpu"},        {"dtype", "float32"},
                   {"split", "test[0:100]"}, {"prompts_sha256", "digest-of-prompts"}};
    config.update(configuration);
    Json outcome = {{"activations_per_token", activations}};
    outcome.update(also);
    std::vector<Json> lines;
    for (const char letter : items) lines.push_back({{"correct", letter == '1'}});
    write_result(folder_.cell(key), "eval", config, outcome, Json::object(), lines);
    return key;
  }

  /// Writes a cell of these items as they are. Returns its key.
  std::string cell_of_items(const std::vector<Json>& items, const Json& outcome = Json::object()) {
    const std::string key = fmt::format("cell{}", ++cells_);
    write_result(folder_.cell(key), "eval", Json::object(), outcome, Json::object(), items);
    return key;
  }

  /// Writes a cell whose plan cannot be carried out. Returns its key.
  std::string failed_cell(const std::string& reason) {
    const std::string key = fmt::format("cell{}", ++cells_);
    write_failed_cell(folder_, key, reason);
    return key;
  }

  void outcome(const std::string& method, const EntryOutcome& outcome,
               const std::string& task = "copa", const std::string& model = "m") {
    for (const Entry& entry : entries_of(study_)) {
      if (entry.model != model || entry.task->name != task || entry.method_name() != method) {
        continue;
      }
      write_outcome(folder_, study_, entry, outcome);
      return;
    }
    throw std::logic_error("the study has no such entry");
  }

  /// A method of one variant (or the unsteered model) with this test.
  void tested(const std::string& method, const std::string& cell, const std::string& task = "copa",
              const std::string& model = "m") {
    EntryOutcome made;
    if (method != vanilla) made.chosen = 0;
    made.tests = {{0, "", {}, cell}};
    outcome(method, made, task, model);
  }

 private:
  TemporaryFolder place_;
  StudyFolder folder_;
  Study study_;
  int cells_ = 0;
};

}  // namespace austeer::testing
