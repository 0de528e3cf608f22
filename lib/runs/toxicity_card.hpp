#pragma once
// The model card of a toxicity head: what it was made from, how well it does, what it misses.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "scorers/scorer_metrics.hpp"
#include "scorers/toxicity_model.hpp"

namespace austeer {

/// How a scorer judges texts that are all harmless.
struct ProbeScores {
  std::size_t texts = 0;
  std::size_t called_toxic = 0;  ///< above 0.5
  double mean = 0;
  std::vector<std::pair<double, std::string>> highest;  ///< the five highest, from the top
};

struct ToxicityCard {
  std::string head_file;
  std::string head_sha256;
  std::string labels_file;
  std::vector<std::string> kinds;
  std::size_t training_texts = 0;
  ScorerMetrics cross_validation;
  double unclear_share = 0;
  ScorerMetrics held_out;
  std::optional<ProbeScores> probe;
};

/// Scores a JSONL file of {"text"}. Throws FileError, FormatError, naming the line.
ProbeScores probe_scores(const ToxicityScorer& scorer, const std::filesystem::path& file);

/// The card as Markdown; the same for the same head and figures.
std::string toxicity_card(const ToxicityCard& card, const ToxicityHead& head);

}  // namespace austeer
