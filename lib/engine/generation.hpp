#pragma once
// Greedy decoding of many texts in continuous batches: as texts end, prompts that wait take their
// place, in the same pass as the next tokens of the others.

#include <ATen/ATen.h>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/engine_options.hpp"
#include "engine/packed_pass.hpp"
#include "engine/tap.hpp"
#include "models/decoder.hpp"

namespace austeer {

/// Throws ComputeError: the model, as steered, gives no logits to choose by.
[[noreturn]] void refuse_logits();

/// The arg max of the logits of each row of `hidden` [R, D], the lower id where two are equal.
/// Throws ComputeError for NaN or infinite logits.
std::vector<TokenId> best_tokens(const Decoder& model, const at::Tensor& hidden);

class Generation {
 public:
  /// `model` must outlive this.
  Generation(const Decoder& model, const EngineOptions& engine, const GenerateOptions& options)
      : model_(model), engine_(engine), options_(options) {}

  /// Continues `prompts`, whose texts are 0, 1, …; result i belongs to text i. `tap` may be null.
  std::vector<Tokens> run(std::vector<TextSlice> prompts, Tap* tap, const OnTexts& on_texts) const;

 private:
  const Decoder& model_;
  EngineOptions engine_;
  GenerateOptions options_;
};

}  // namespace austeer
