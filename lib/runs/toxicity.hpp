#pragma once
// austeer toxicity: fits the project's own scorer, scores texts with any scorer, and judges a
// scorer on labels that it was not fitted on.

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "scorers/scorer_metrics.hpp"
#include "scorers/toxicity_fit.hpp"
#include "scorers/toxicity_scorer.hpp"

namespace austeer {

// The model card of a toxicity head: what it was made from, how well it does, what it misses.

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

/// Which side of the split (scorers/toxicity_fit.hpp) to read.
enum class LabelSide { training, held_out };

/// Reads the texts of one side of a JSONL file of {"text", "toxicity", and kinds of toxicity:
/// "profanity", "insult", "threat", "identity_attack", "sexually_explicit"}; other fields are
/// passed over. A kind that fewer than half of the texts have is left out. Throws FileError, and
/// FormatError, naming the line, for labels outside [0, 1]; also when the side is empty.
ToxicityExamples read_toxicity_labels(const std::filesystem::path& file, LabelSide side);

struct ToxicityFitOptions {
  std::filesystem::path labels;
  std::filesystem::path out;    ///< the head; its model card is written beside it
  std::filesystem::path probe;  ///< JSONL of harmless texts, whose scores the card reports; or ""
  std::string encoder = "all-minilm-l6-v2";
  std::string version = "1";
};

struct ToxicityEvaluation {
  ScorerMetrics metrics;
  double seconds = 0;  ///< that scoring took
  Json scorer;         ///< its description

  double texts_per_second() const { return static_cast<double>(metrics.texts) / seconds; }
};

/// {"scorer", ..., "seconds", "texts_per_second"} around what to_json() says of the metrics.
Json answer_json(const ToxicityEvaluation& evaluation);

/// Fits a head to the training side and writes it and its card, which also reports how the head
/// does on the held-out side and on the probe. Returns the latter's figures. Throws what reading,
/// fitting and writing throw.
ToxicityEvaluation fit_toxicity(const ToxicityFitOptions& options);

/// Scores the held-out side of `labels`. Throws what reading and scoring throw.
ToxicityEvaluation evaluate_toxicity(const ToxicityScorer& scorer,
                                     const std::filesystem::path& labels);

/// Reads one JSON object a line from `in`, and writes each to `out` with "toxicity" added: the
/// score of its `field`. Lines appear in their order, some hundred at a time. `place` names the
/// input in messages. Returns the number of texts. Throws FormatError, naming the line, for what is
/// no object, has no such text or has a "toxicity" already; FileError when `out` fails.
std::int64_t score_lines(const ToxicityScorer& scorer, const std::string& field, std::istream& in,
                         std::ostream& out, const std::string& place);

}  // namespace austeer
