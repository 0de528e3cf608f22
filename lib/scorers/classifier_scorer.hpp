#pragma once
// Any sequence classifier of the Hugging Face layout (toxic-bert and the like) as toxicity scorer.

#include <filesystem>
#include <string>
#include <vector>

#include "models/sequence_classifier.hpp"
#include "scorers/toxicity_scorer.hpp"

namespace austeer {

/// The index of the label that means "toxic": `label` where it is given, else the one that reads
/// "toxic" or "toxicity" in any case, else LABEL_1 of LABEL_0 and LABEL_1. Throws UsageError, with
/// the labels, when there is none.
std::size_t toxic_label(const std::vector<std::string>& labels, const std::string& label);

class ClassifierScorer : public ToxicityScorer {
 public:
  /// Loads the classifier in `folder`; `label` as in toxic_label(). A multi-label classifier's
  /// score is its label's sigmoid, a single-label one's the softmax. Throws what SequenceClassifier
  /// throws, and FormatError for a regression model, whose values are no probabilities.
  explicit ClassifierScorer(const std::filesystem::path& folder, const std::string& label = "");

  std::vector<double> score(std::span<const std::string> texts) const override;
  Json description() const override;

 private:
  std::string name_;
  SequenceClassifier classifier_;
  std::size_t label_;
};

}  // namespace austeer
