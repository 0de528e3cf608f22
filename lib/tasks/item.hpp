#pragma once
// Items and pairs: what a task makes of a dataset's records, ready for the engine.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace austeer {

/// One question of a task.
struct Item {
  std::string place;   ///< where it comes from: "dev.jsonl:12"
  std::string prompt;  ///< what the model is asked
  std::string gold;    ///< what it should generate, for the metric; "" where nothing is right
  std::vector<std::string> choices;  ///< of a choice task: what could be generated, gold included
  std::size_t right = 0;             ///< index of the right one of them
  std::vector<std::string> other_golds = {};  ///< as right as `gold`, where there are several
  std::string system = {};     ///< of a task with `chat`: the system message; "": none
  std::string message = {};    ///< of a prompt that is a rendered chat: the user's message in it
  bool special_tokens = true;  ///< the prompt lacks the tokenizer's default special tokens
};

/// A positive and a negative text whose activations are compared.
struct Pair {
  std::string place;  ///< of its record, or of both: "train.jsonl:1 and train.jsonl:7"
  std::string positive;
  std::string negative;
  /// The right answer's label in a choice task ("true", "0"), else "": a ranking can be stratified
  /// by it, so that a unit which merely tells the answers' tokens apart does not pass for more.
  std::string answer_class;
  /// The byte of each text with which its answer begins; 0: the whole text is the answer.
  std::size_t positive_answer = 0;
  std::size_t negative_answer = 0;
  std::string positive_system = {};  ///< of a task with `chat`: the system messages; "": none
  std::string negative_system = {};
  bool special_tokens = true;             ///< the texts lack the tokenizer's default special tokens
  std::vector<std::string> records = {};  ///< the place of each record that it is made of
};

/// SHA-256 over positive, NUL, negative, NUL of each pair, in order: the same for the same texts.
std::string pairs_fingerprint(std::span<const Pair> pairs);

/// SHA-256 over positive_answer, NUL, negative_answer, NUL of each pair, written in decimal: with
/// pairs_fingerprint(), the same for the same texts cut at the same places.
std::string answers_fingerprint(std::span<const Pair> pairs);

/// SHA-256 over prompt, NUL, gold, NUL of each item, with each of its other golds and NUL, in
/// order: the same for the same questions.
std::string prompts_fingerprint(std::span<const Item> items);

}  // namespace austeer
