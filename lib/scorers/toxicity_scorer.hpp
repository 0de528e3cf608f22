#pragma once
// What every toxicity scorer does, whether it is the project's own head, a sequence classifier or a
// file of scores that were made elsewhere.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "models/sentence_encoder.hpp"
#include "models/sequence_classifier.hpp"

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

// Any sequence classifier of the Hugging Face layout (toxic-bert and the like) as toxicity scorer.

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

// Scores that were made elsewhere (Perspective's, while it lasts, or people's), joined to texts by
// their SHA-256, so that the file of scores need not hold the texts.

class JoinedScores : public ToxicityScorer {
 public:
  /// Reads a JSONL `file` with one {"text_sha256": ..., "toxicity": ...} a line, or "text" in place
  /// of the hash. Throws FileError, and FormatError, naming the line, for anything else, scores
  /// outside [0, 1], and a text with two different scores.
  explicit JoinedScores(const std::filesystem::path& file);

  /// Throws FormatError, with the first text and its hash, when a text has no score.
  std::vector<double> score(std::span<const std::string> texts) const override;
  Json description() const override;

 private:
  std::filesystem::path file_;
  std::string fingerprint_;
  std::map<std::string, double> scores_;  // by the text's SHA-256
};

// From what a user writes after --scorer to a scorer.

/// "" or "austeer": the project's own head and its encoder. NAME.jsonl: scores made elsewhere. A
/// .safetensors file: a head that austeer toxicity fit wrote. Otherwise a sequence classifier: a
/// folder or org/name in the local Hugging Face cache, with #LABEL behind it where the label that
/// means toxic is not called that. Throws UsageError, FileError, FormatError with what to try.
std::unique_ptr<ToxicityScorer> open_scorer(const std::string& spec,
                                            const std::filesystem::path& configs_folder,
                                            const std::filesystem::path& home);

// The project's own toxicity scorer at work: a head and the encoder that it was fitted on.

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
