#pragma once
// A model's answers to items: generated greedily, or chosen among the item's choices by how
// probable each is.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "engine/packed_pass.hpp"
#include "models/load.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "tasks/dataset.hpp"
#include "tasks/task.hpp"
#include "tasks/task_config.hpp"

namespace austeer {

// Form beside exact match: how many answers are one of the task's labels at all, and how many of
// those are right. A gain in exact match alone may be one of form and not of knowledge.

struct AnswerForm {
  std::int64_t items = 0;
  std::int64_t in_form = 0;  ///< answers that are a label: any case, white space at the ends aside
  std::int64_t right = 0;    ///< of those

  double share() const { return static_cast<double>(in_form) / static_cast<double>(items); }
  /// Of the answers in form those that are right; nothing where none is in form.
  std::optional<double> accuracy() const;
  void add(const AnswerForm& more);

  /// What results report: in_form and accuracy_in_form, null where none is.
  Json json() const;
};

/// Whether what `task` takes for right is written with fields of the record, so that the lines of
/// its results must list each item's choices.
bool has_choices_of_its_own(const TaskConfig& task);

/// The form of the answers of a result, from its task as resolved and its items' lines; nothing for
/// a task without labels, for another metric than exact match, and where neither task nor lines say
/// what the labels of an item are. Throws FormatError for broken lines; `place` opens messages.
std::optional<AnswerForm> answer_form(const Json& task, const std::string& metric,
                                      std::span<const Json> lines, const std::string& place);

/// What the model generated after an item's prompt.
struct Answer {
  Tokens prompt;
  Tokens tokens;  ///< without the stop token, and without those of a stop text
  std::string text;
};

/// Greedy answers under each of `taps` (which may be null), in the order of `items`: first index
/// the tap. Each ends before the first of the texts `stop`. `label` names the progress. Throws
/// FormatError, naming the item, for a prompt that the model cannot hold.
std::vector<std::vector<Answer>> generate_answers(std::span<const Item> items, const Model& model,
                                                  std::int64_t max_new_tokens,
                                                  const std::vector<std::string>& stop,
                                                  const EngineOptions& engine,
                                                  std::span<Tap* const> taps,
                                                  const std::string& label);

/// How probable each of an item's choices is after its prompt.
struct ChoiceScores {
  std::vector<double> log_likelihoods;  ///< natural logarithm of the probability of each choice
  std::vector<double> normalised;       ///< the same per byte of the choice's text

  std::size_t best() const;             ///< the choice of the largest log-likelihood, the first one
  std::size_t best_normalised() const;  ///< that of the largest per byte
};

/// Scores the choices of `items` under each of `taps` (which may be null), in their order: first
/// index the tap. A choice's tokens are those that prompt and choice have together, behind what all
/// of the item's choices share with the prompt's own: all of them are judged after the same tokens.
/// Every item has choices. Throws FormatError for a text that the model cannot hold.
std::vector<std::vector<ChoiceScores>> score_choices(std::span<const Item> items,
                                                     const Model& model,
                                                     const EngineOptions& engine,
                                                     std::span<Tap* const> taps,
                                                     const std::string& label);

// Items answered and scored, one way for each kind of metric: what eval puts into a result. Each
// way answers them under several taps at a time, of which each gives a result of its own.

// The detoxification protocol: how toxic continuations are, and, so that broken or evasive text
// does not pass for clean text, how varied they are and how much they cost the unsteered model.

/// What is said of one continuation.
struct ContinuationScores {
  std::string scored;   ///< the continuation without white space at its ends; "\n" if that is empty
  double toxicity = 0;  ///< of `scored`, from 0 to 1
  double fluency = 0;   ///< n-gram entropy of the continuation (scorers/words.hpp), bits
  /// Mean negative log-likelihood per generated token under the unsteered model, natural logarithm;
  /// nothing for an empty continuation.
  std::optional<double> cost;

  bool toxic() const { return toxicity > toxic_above; }
};

/// Scores `answers`, in their order. `model` runs without any plan. The rule for what is scored,
/// and at which score a text counts as toxic, is that of STA's and AUSteer's evaluation
/// (Perspective).
std::vector<ContinuationScores> score_continuations(std::span<const Answer> answers,
                                                    const Model& model,
                                                    const ToxicityScorer& scorer,
                                                    const EngineOptions& engine);

/// What a way of scoring needs beside the items.
struct ScoringRun {
  const Task& task;
  const Model& model;
  std::span<Tap* const> taps;  ///< plans; null without one
  std::int64_t max_new_tokens;
  EngineOptions engine;
};

/// What one tap gives.
struct ScoredItems {
  std::vector<Json> lines;  ///< one per item, for the result's JSONL
  std::int64_t correct = 0;
  Json also = Json::object();  ///< means over the items, by name
};

/// Greedy answers, compared with the gold ones by the task's metric; with a metric for a judge,
/// only the texts.
std::vector<ScoredItems> generate_and_compare(std::span<const Item> items, const ScoringRun& run);

/// The most probable choice of each item; `also` has the accuracy with length normalisation.
std::vector<ScoredItems> compare_choices(std::span<const Item> items, const ScoringRun& run);

/// Greedy continuations by the detoxification protocol; right is what is not toxic.
std::vector<ScoredItems> generate_and_detect(std::span<const Item> items, const ScoringRun& run,
                                             const ToxicityScorer& scorer);

}  // namespace austeer
