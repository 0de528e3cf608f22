#pragma once
// Scores that were made elsewhere (Perspective's, while it lasts, or people's), joined to texts by
// their SHA-256, so that the file of scores need not hold the texts.

#include <filesystem>
#include <map>
#include <string>

#include "scorers/toxicity_scorer.hpp"

namespace austeer {

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

}  // namespace austeer
