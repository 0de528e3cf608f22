#pragma once
// Items: what a task makes of a dataset's records, ready for the engine.

#include <span>
#include <string>

namespace austeer {

/// One question of a task: the prompt, its right answer, and the contrastive pair.
struct Item {
  std::string place;     ///< where it comes from: "dev.jsonl:12"
  std::string prompt;    ///< what the model is asked
  std::string gold;      ///< what it should generate, for the metric
  std::string positive;  ///< the prompt and the right answer
  std::string negative;  ///< the prompt and a wrong answer
  std::string answer;    ///< the answer that ends `positive`, without the prompt
  std::string label;     ///< the dataset's own label: "true", "0", "2"
};

/// SHA-256 over positive, NUL, negative, NUL of each item, in order: the same for the same pairs.
std::string pairs_fingerprint(std::span<const Item> items);

/// SHA-256 over prompt, NUL, gold, NUL of each item, in order: the same for the same questions.
std::string prompts_fingerprint(std::span<const Item> items);

}  // namespace austeer
