#pragma once
// Runs the entries of a study: chooses a variant of the method, and tests it and its controls.

#include "studies/cell_runner.hpp"
#include "studies/entry.hpp"

namespace austeer {

/// The runner of the entry at hand: one model and one task are open at a time.
class CellRunners {
 public:
  /// Both must outlive this.
  CellRunners(const Study& study, const StudyFolder& folder) : study_(study), folder_(folder) {}

  /// The runner of this entry, valid until another one is asked for. Throws what open_model() and
  /// CellRunner throw.
  CellRunner& at(const Entry& entry);

  /// Whether at() would open another runner.
  bool is_open(const Entry& entry) const;

  /// The model of the last entry.
  const Model& model() const { return *model_; }

 private:
  const Study& study_;
  const StudyFolder& folder_;
  std::optional<Model> model_;
  std::optional<CellRunner> runner_;
};

struct SweepReport {
  std::int64_t entries = 0;  ///< that this process worked on
  std::int64_t ran = 0;      ///< cells that it ran
  std::int64_t failed = 0;   ///< of those, plans that could not be carried out
};

/// Obtains every cell that `entry` needs from `runner`, counts those that had to be run in
/// `report`, and logs each. Throws what CellRunner::obtain throws.
EntryOutcome run_entry(const Study& study, const Entry& entry, CellRunner& runner,
                       SweepReport& report);

}  // namespace austeer
