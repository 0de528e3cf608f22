#pragma once
// The project's own toxicity scorer at work: a head and the encoder that it was fitted on.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "models/sentence_encoder.hpp"
#include "scorers/toxicity_scorer.hpp"

namespace austeer {

// The project's own toxicity scorer, without the encoder that it reads: a few linear functions of
// pooled hidden states and of character n-grams, and how they are put together. Small enough to be
// kept beside the code; one safetensors file.

/// From pooled hidden states and the n-grams' logit to one score. K linear functions of the states
/// give K logits (of toxicity, and of its kinds: insult, threat, ...), the n-grams one more. Each
/// is clamped to the range that it had in training; the score is the sigmoid of a second-degree
/// polynomial of the K + 1.
struct ToxicityStage {
  std::int64_t layers = 0;  ///< reads hidden states 0 to this one
  at::Tensor weights;       ///< float32 [K, (layers + 1) * 2 * width], numbers that float16 holds
  at::Tensor intercepts;    ///< float64 [K]
  at::Tensor range;         ///< float64 [2, K + 1]: lowest and highest logit
  at::Tensor mix;           ///< float64 [1 + M + M (M + 1) / 2], M = K + 1: the polynomial's
                            ///< constant, linear and quadratic terms (i <= j, row by row)

  /// The scores, float64 [N], of `pooled` float32 [N, (layers + 1) * 2 * width] and `ngram_logits`
  /// float64 [N].
  at::Tensor score(const at::Tensor& pooled, const at::Tensor& ngram_logits) const;
};

/// The K + 1 logits of a stage as the terms of its polynomial, without the constant: float64
/// [N, M + M (M + 1) / 2] from [N, M].
at::Tensor polynomial_terms(const at::Tensor& logits);

struct ToxicityHead {
  std::string version;              ///< "1"
  std::string encoder;              ///< the encoder's name in configs/models
  std::string encoder_fingerprint;  ///< SentenceEncoder::fingerprint()
  std::int64_t width = 0;           ///< of the encoder's hidden states
  at::Tensor ngrams;                ///< float32 [ngram_buckets], numbers that float16 holds
  double ngram_intercept = 0;
  /// Clear cases are decided by the embeddings alone; where `quick` says something between
  /// unclear_from and unclear_to, `full` decides.
  ToxicityStage quick, full;
  double unclear_from = 0;
  double unclear_to = 1;
  /// What the head was made from: "labels_sha256", "split", "training_texts", ...
  std::map<std::string, std::string> provenance;
};

/// Writes the head, atomically; equal heads give equal bytes. Throws FileError.
void save_toxicity_head(const std::filesystem::path& file, const ToxicityHead& head);

/// Throws FileError, and FormatError for anything but a head of this schema: missing or further
/// tensors, shapes that do not fit one another, numbers that are not finite, bounds out of order.
ToxicityHead load_toxicity_head(const std::filesystem::path& file);

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
