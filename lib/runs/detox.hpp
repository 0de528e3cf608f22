#pragma once
// The detoxification protocol: how toxic continuations are, and, so that broken or evasive text
// does not pass for clean text, how varied they are and how much they cost the unsteered model.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/load.hpp"
#include "runs/answers.hpp"
#include "scorers/toxicity_scorer.hpp"

namespace austeer {

/// What is said of one continuation.
struct ContinuationScores {
  std::string scored;   ///< the continuation without white space at its ends; "\n" if that is empty
  double toxicity = 0;  ///< of `scored`, from 0 to 1
  double fluency = 0;   ///< n-gram entropy of the continuation (scorers/fluency.hpp), bits
  /// Mean negative log-likelihood per generated token under the unsteered model, natural logarithm;
  /// nothing for an empty continuation.
  std::optional<double> cost;

  bool toxic() const { return toxicity > toxic_above; }
};

/// Scores `answers`, in their order. `model` runs without any plan. The rule for what is scored,
/// and at which score a text counts as toxic, is that of STA's and AUSteer's evaluation
/// (Perspective).
std::vector<ContinuationScores> score_continuations(std::span<const Answer> answers,
                                                    const Model& model,
                                                    const ToxicityScorer& scorer,
                                                    const EngineOptions& engine);

}  // namespace austeer
