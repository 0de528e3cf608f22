#pragma once
// An encoder with a head that scores whole texts: the *ForSequenceClassification models of the
// BERT, RoBERTa and DistilBERT families.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/encoder.hpp"

namespace austeer {

/// What a classifier's logits are.
enum class ClassifierProblem {
  single_label,  ///< one label a text: their softmax is a distribution
  multi_label,   ///< each label by itself: its sigmoid is a probability
  regression,    ///< the values themselves
};

class SequenceClassifier {
 public:
  /// Loads config.json, the tokenizer and the safetensors weights of a Hugging Face folder. `dtype`
  /// float32 or bfloat16. Throws FileError, FormatError.
  explicit SequenceClassifier(const std::filesystem::path& folder,
                              at::ScalarType dtype = at::kFloat);

  /// Float32 [N, labels]. Texts that are longer than the model takes lose their end.
  at::Tensor logits(std::span<const std::string> texts) const;

  /// The names of the labels (id2label), in the order of the logits.
  const std::vector<std::string>& labels() const { return labels_; }
  /// The config's problem_type; where it has none, multi_label for one label, else single_label.
  ClassifierProblem problem() const { return problem_; }
  /// SHA-256 that stands for weights, configuration and tokenizer.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  SequenceClassifier(const std::filesystem::path& folder, const Checkpoint& checkpoint,
                     at::ScalarType dtype);
  void load_head(const Checkpoint& checkpoint);

  Encoder encoder_;
  EncoderTexts texts_;
  Linear dense_;  // [D, D], between the first token's state and the labels
  Linear out_;    // [labels, D]
  std::vector<std::string> labels_;
  ClassifierProblem problem_ = ClassifierProblem::single_label;
  std::string fingerprint_;
};

}  // namespace austeer
