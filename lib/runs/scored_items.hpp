#pragma once
// Items answered and scored, one way for each kind of metric: what eval puts into a result. Each
// way answers them under several taps at a time, of which each gives a result of its own.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "engine/tap.hpp"
#include "models/load.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "tasks/task.hpp"

namespace austeer {

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
