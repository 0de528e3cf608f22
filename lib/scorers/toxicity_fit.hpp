#pragma once
// Fits a toxicity head to labelled texts: linear functions of the encoder's states and of n-grams
// first, then the polynomial over what they say about texts that they were not fitted on.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/sentence_encoder.hpp"
#include "scorers/scorer_metrics.hpp"
#include "scorers/toxicity_scorer.hpp"

namespace austeer {

// Which labelled texts train a scorer and which only judge it, fixed by the text alone: however a
// file is sorted, cut or joined with another, no held-out text ever meets training.

constexpr int toxicity_folds = 5;

/// The rule in words, for records: equal to what the functions below do.
extern const std::string toxicity_split_rule;

/// Where a text falls. Texts that differ only in the case of ASCII letters and in ASCII white space
/// fall together.
struct ToxicitySplit {
  bool held_out;
  int fold;  ///< 0 to toxicity_folds - 1, for cross-validation within the training side
};
ToxicitySplit toxicity_split(std::string_view text);

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
