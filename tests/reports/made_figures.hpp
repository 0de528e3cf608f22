#pragma once
// A study whose results are written down, for figures: each by what share of its items is right.

#include <cmath>
#include <fmt/format.h>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "reports/results.hpp"
#include "statistics/interval.hpp"
#include "testing.hpp"

namespace austeer::testing {

/// `right` of `items` items.
inline Measured measured(double right, std::size_t items = 100) {
  Measured made;
  made.scores.assign(items, 0.0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(right); ++i) made.scores[i] = 1;
  made.accuracy = right / static_cast<double>(items);
  made.interval =
      wilson_interval(static_cast<std::int64_t>(right), static_cast<std::int64_t>(items));
  return made;
}

/// The same of answers of which the others are toxic.
inline Measured detoxified(double clean, double cost, std::size_t items = 100) {
  Measured made = measured(clean, items);
  made.is_detoxification = true;
  made.cost = cost;
  made.fluency = 5;
  return made;
}

class FigureStudy {
 public:
  explicit FigureStudy(const std::string& yaml) : folder_(place_.path() / "results") {
    write_file(place_ / "study.yaml", yaml);
    study_ = read_study(place_ / "study.yaml");
    folder_.make();
    for (const Entry& entry : entries_of(study_)) results_.emplace_back().entry = entry;
  }

  const Study& study() const { return study_; }
  const StudyFolder& folder() const { return folder_; }
  const std::vector<EntryResults>& results() const { return results_; }

  /// The results of a method, which are there from now on.
  EntryResults& done(const std::string& method, const std::string& task = "copa",
                     const std::string& model = "m") {
    for (EntryResults& results : results_) {
      if (results.entry.model != model || results.entry.task->name != task ||
          results.entry.method_name() != method) {
        continue;
      }
      results.done = true;
      return results;
    }
    throw std::logic_error("the study has no such entry");
  }

  /// A method (or the unsteered model) whose test has this outcome.
  void tested(const std::string& method, Measured outcome, const std::string& task = "copa",
              const std::string& model = "m") {
    EntryResults& results = done(method, task, model);
    if (results.entry.method != nullptr) results.chosen = 0;
    results.test = std::move(outcome);
  }

  /// A method whose variants have these outcomes, the first of the best chosen.
  void tried(const std::string& method, std::vector<Measured> outcomes,
             const std::string& task = "copa", const std::string& model = "m") {
    EntryResults& results = done(method, task, model);
    results.chosen = 0;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].accuracy > outcomes[*results.chosen].accuracy) results.chosen = i;
    }
    for (Measured& outcome : outcomes) results.choice.push_back({std::move(outcome), ""});
  }

 private:
  TemporaryFolder place_;
  StudyFolder folder_;
  Study study_;
  std::vector<EntryResults> results_;
};

}  // namespace austeer::testing
