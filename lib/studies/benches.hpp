#pragma once
// The bench of the entry at hand: one model and one task are open at a time.

#include <optional>

#include "studies/bench.hpp"
#include "studies/entry.hpp"

namespace austeer {

class Benches {
 public:
  /// Both must outlive this.
  Benches(const Study& study, const StudyFolder& folder) : study_(study), folder_(folder) {}

  /// The bench of this entry, valid until another one is asked for. Throws what open_model() and
  /// Bench throw.
  Bench& at(const Entry& entry);

  /// Whether at() would open another bench.
  bool is_open(const Entry& entry) const;

  /// The model of the last entry.
  const Model& model() const { return *model_; }

 private:
  const Study& study_;
  const StudyFolder& folder_;
  std::optional<Model> model_;
  std::optional<Bench> bench_;
};

}  // namespace austeer
