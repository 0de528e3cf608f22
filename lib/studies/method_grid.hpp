#pragma once
// The methods of a study as its file has them: a grid each, the tasks that it runs on, and settings
// that it has on one model and task alone.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "models/config.hpp"
#include "steering/control.hpp"
#include "studies/variant.hpp"

namespace austeer {

/// A method as the study tries it.
struct StudyMethod {
  std::string name;                     ///< in tables
  std::vector<Variant> variants;        ///< its grid: the last axis runs fastest
  std::vector<std::string> axes;        ///< what differs between them: "plan.k", "rank.set.score"
  std::vector<Control> controls;        ///< of the chosen variant, on the test items
  std::vector<std::string> tasks = {};  ///< by name; empty: it runs on all of them

  bool runs_on(const std::string& task) const;

  /// Whether all of its variants steer what a method should beat: a control's units or directions,
  /// or a random localisation.
  bool is_control() const;
};

/// A method where its grid is another one than StudyMethod has in general.
struct OwnGrid {
  std::string model;
  std::string task;
  StudyMethod method;
  bool has_range = false;  ///< the other grid is that of the model's layers alone
};

struct MethodGrids {
  std::vector<StudyMethod> methods;  ///< as they are on the first model, without settings
  std::vector<OwnGrid> own;
};

/// Reads `methods:`. A method has `rank`, `plan` and `controls`; `tasks`, a list of names; and
/// `settings`, model -> task -> keys that stand in place of the method's there, none of them on an
/// axis. `plan.layer` may be a range, "0..-1" or "0..-1 by 2", of which each model makes its own
/// list: negative layers count from its last. Throws FormatError, UsageError; FileError for a range
/// over the layers of a model that is not here and not in configs/models/.
MethodGrids read_methods(const Json& methods, const std::vector<std::string>& models,
                         const std::vector<std::string>& tasks, const std::string& place);

/// Throws UsageError where `name` is not one of `known` but nearly one. Studies share lists, in
/// which other names may stand: those of models and tasks that this one does not run.
void refuse_mistyped(const std::string& name, const std::vector<std::string>& known,
                     const std::string& place, const char* what);

/// The configuration of the model called so. Throws what locate_model() and its files throw.
DecoderConfig config_of_model(const std::string& model);

}  // namespace austeer
