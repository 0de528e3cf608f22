#pragma once
// Greedy decoding of many texts in continuous batches: as texts end, prompts that wait take their
// place, in the same pass as the next tokens of the others.

#include <ATen/ATen.h>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "engine/engine.hpp"
#include "engine/packed_pass.hpp"
#include "models/decoder.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

// What is made of the logits of many rows: the unembedding runs for some rows at a time, since all
// logits of a pass would fill the memory (64 rows of a vocabulary of 150,000 take 38 MB).

/// The arg max of the logits of each row of `hidden` [R, D], the lower id where two are equal.
/// Throws ComputeError for NaN or infinite logits.
std::vector<TokenId> best_tokens(const Decoder& model, const at::Tensor& hidden);

/// The natural logarithm of the probability of `tokens` [R], int64, one after each row of `hidden`
/// [R, D]: float64 [R] on the CPU. Throws ComputeError for NaN or infinite logits.
at::Tensor log_probabilities_of(const Decoder& model, const at::Tensor& hidden,
                                const at::Tensor& tokens);

/// The most tokens whose keys and values generation holds at a time, but for a text that alone has
/// more: enough texts go on together for a decode step to be worth reading the weights.
std::int64_t most_held_tokens(const EngineOptions& engine);

class Generation {
 public:
  /// `model` must outlive this.
  Generation(const Decoder& model, const EngineOptions& engine, const GenerateOptions& options)
      : model_(model), engine_(engine), options_(options) {}

  /// Continues `prompts`, whose texts are 0, 1, …; result i belongs to text i. `tap` may be null.
  std::vector<Tokens> run(std::vector<TextSlice> prompts, Tap* tap, const OnTexts& on_texts) const;

 private:
  /// Texts that begin in one pass, whose rows are held until the last of them ends.
  struct Joined {
    std::int64_t texts = 0;
    std::int64_t rows = 0;
  };

  /// A text that goes on.
  struct Live {
    TextSlice slice;
    KvPath path;
    Tokens tokens;  ///< the new ones
    std::shared_ptr<Joined> joined;
  };

  /// Those of `waiting` that begin now, while the keys of `held` tokens are held by others.
  Joined joining(std::span<const TextSlice> waiting, std::int64_t held) const;
  /// Moves on `live` by a token each. Texts that end leave their tokens in `results`; returns how
  /// many tokens they no longer hold.
  std::int64_t step(std::deque<Live>& live, Tap* tap, std::vector<Tokens>& results) const;

  const Decoder& model_;
  EngineOptions engine_;
  GenerateOptions options_;
};

}  // namespace austeer
