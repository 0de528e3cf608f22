#pragma once
// What is made of the logits of many rows: the unembedding runs for some rows at a time, since all
// logits of a pass would fill the memory (64 rows of a vocabulary of 150,000 take 38 MB).

#include <ATen/ATen.h>
#include <vector>

#include "models/decoder.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

/// The arg max of the logits of each row of `hidden` [R, D], the lower id where two are equal.
/// Throws ComputeError for NaN or infinite logits.
std::vector<TokenId> best_tokens(const Decoder& model, const at::Tensor& hidden);

/// The natural logarithm of the probability of `tokens` [R], int64, one after each row of `hidden`
/// [R, D]: float64 [R] on the CPU. Throws ComputeError for NaN or infinite logits.
at::Tensor log_probabilities_of(const Decoder& model, const at::Tensor& hidden,
                                const at::Tensor& tokens);

}  // namespace austeer
