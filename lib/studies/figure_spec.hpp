#pragma once
// One entry of a study's `figures:`, and how its keys are read.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "steering/unit_name.hpp"
#include "studies/study.hpp"

namespace austeer {

/// What a figure shows. Points into its study.
struct FigureSpec {
  std::string name;
  std::string kind;
  std::string title;                           ///< "": one that says what it shows
  std::vector<std::string> models;             ///< of these, the study's by default
  std::vector<const StudyTask*> tasks;         ///< likewise
  std::vector<const StudyMethod*> methods;     ///< what it draws
  std::vector<const StudyMethod*> references;  ///< drawn as lines
  std::string x;                               ///< an axis of a grid: "plan.k"
  std::string y;                               ///< likewise
  bool log = false;                            ///< the x axis
  std::int64_t k = 0;                          ///< units at the top of a ranking
  std::vector<UnitName> units;                 ///< that are probed (studies/probes.hpp)
  std::vector<double> strengths;               ///< likewise
  std::int64_t count = 0;                      ///< of prompts or tokens, likewise
};

/// The keys of an entry, read strictly and against its study.
class FigureFields {
 public:
  /// All must outlive this. Throws FormatError unless `entry` is an object.
  FigureFields(const Study& study, const Json& entry, const std::string& place)
      : study_(study), fields_(entry, place) {}

  const Study& study() const { return study_; }
  Fields& fields() { return fields_; }

  /// `models` and `tasks`; all of the study without them. Throw UsageError for unknown ones.
  std::vector<std::string> models();
  std::vector<const StudyTask*> tasks();

  /// The methods named at `key`; none without it. Throws UsageError for unknown ones.
  std::vector<const StudyMethod*> methods(const std::string& key);

  /// `method`; without it the study's only one. Throws UsageError where it has several.
  const StudyMethod* method();

  /// The methods named at `methods`, each of which has the axis; without it all that have it.
  /// Throws UsageError where none has.
  std::vector<const StudyMethod*> methods_along(const std::string& axis);

  /// Throws UsageError, with the nearest axis, unless the grid of `method` has `axis`.
  void expect_axis(const StudyMethod& method, const std::string& axis) const;

  /// Throws the UsageError that this entry has `problem`.
  [[noreturn]] void refuse(const std::string& problem, const std::string& hint) const;

 private:
  const StudyMethod* known_method(const std::string& name) const;

  const Study& study_;
  Fields fields_;
};

/// Every entry. Throws as check_figures() does.
std::vector<FigureSpec> read_figure_specs(const Study& study);

/// `name` with everything that a plain name cannot have replaced by '-'.
std::string plain_part(const std::string& name);

}  // namespace austeer
