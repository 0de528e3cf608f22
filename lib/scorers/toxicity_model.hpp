#pragma once
// The project's own toxicity scorer at work: a head and the encoder that it was fitted on.

#include <filesystem>
#include <string>
#include <vector>

#include "models/sentence_encoder.hpp"
#include "scorers/toxicity_head.hpp"
#include "scorers/toxicity_scorer.hpp"

namespace austeer {

class ToxicityModel : public ToxicityScorer {
 public:
  /// Throws FormatError when the encoder is not the one that the head was fitted on; further what
  /// load_toxicity_head() and SentenceEncoder throw.
  ToxicityModel(const std::filesystem::path& head_file,
                const std::filesystem::path& encoder_folder);

  /// The same text gets the same score, but for float32 rounding, whatever stands beside it.
  std::vector<double> score(std::span<const std::string> texts) const override;
  Json description() const override;

  const ToxicityHead& head() const { return head_; }

 private:
  std::vector<double> score_batch(std::span<const std::string> texts) const;

  ToxicityHead head_;
  std::string fingerprint_;  // of the head's file
  SentenceEncoder encoder_;
};

/// The logits that the head's n-grams give: float64 [N].
at::Tensor ngram_logits(const ToxicityHead& head, std::span<const std::string> texts);

}  // namespace austeer
