#pragma once
// What every toxicity scorer does, whether it is the project's own head, a sequence classifier or a
// file of scores that were made elsewhere.

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
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

}  // namespace austeer
