#pragma once
// A model's answers to items: generated greedily, or chosen among the item's choices by how
// probable each is.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "engine/tap.hpp"
#include "models/load.hpp"
#include "tasks/item.hpp"

namespace austeer {

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

}  // namespace austeer
