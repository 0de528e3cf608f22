#pragma once
// Fits a toxicity head to labelled texts: linear functions of the encoder's states and of n-grams
// first, then the polynomial over what they say about texts that they were not fitted on.

#include <map>
#include <string>
#include <vector>

#include "models/sentence_encoder.hpp"
#include "scorers/scorer_metrics.hpp"
#include "scorers/toxicity_head.hpp"

namespace austeer {

struct ToxicityExamples {
  std::vector<std::string> texts;
  std::vector<double> toxicity;  ///< in [0, 1], one a text
  /// Labels of toxicity's kinds ("insult", "threat", ...), in [0, 1], NaN where a text has none.
  std::map<std::string, std::vector<double>> kinds;
};

struct ToxicityFit {
  ToxicityHead head;               ///< without version and provenance, which are the caller's
  ScorerMetrics cross_validation;  ///< of such heads on the folds that they were not fitted on
  double unclear_share = 0;        ///< share of texts that the full stage decides, in the same
};

/// Deterministic for the same examples, encoder and number of threads. Throws UsageError when a
/// held-out text is among the examples, and when a fold has none; further what fit_logistic()
/// throws.
ToxicityFit fit_toxicity_head(const ToxicityExamples& examples, const SentenceEncoder& encoder);

}  // namespace austeer
