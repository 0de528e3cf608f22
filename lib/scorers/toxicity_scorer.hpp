#pragma once
// What every toxicity scorer does, whether it is the project's own head, a sequence classifier or a
// file of scores that were made elsewhere.

#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace austeer {

/// A text counts as toxic above this score (Perspective's usual threshold, and the paper's).
constexpr double toxic_above = 0.5;

class ToxicityScorer {
 public:
  virtual ~ToxicityScorer() = default;

  /// One score in [0, 1] per text: how probable it is that a reader finds it toxic.
  virtual std::vector<double> score(std::span<const std::string> texts) const = 0;

  /// What made the scores, for a result's record: kind, name, version, fingerprint.
  virtual Json description() const = 0;
};

}  // namespace austeer
