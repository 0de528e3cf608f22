#pragma once
// How far two ways of running a model on the same texts agree, token by token.

#include <ATen/ATen.h>
#include <cstdint>
#include <span>
#include <vector>

#include "base/json.hpp"

namespace austeer {

/// Of the next-token logits after every token of some texts.
struct Agreement {
  std::int64_t texts = 0;
  std::int64_t tokens = 0;
  double largest_difference = 0;  ///< of two logits
  double same_next_token = 0;     ///< share of the tokens after which both expect the same most
  double mean_divergence = 0;     ///< KL from the first to the second in nats, mean over the tokens
};

/// Of the logits that two runs gave, [T, V] per text on any device. Throws UsageError where their
/// shapes differ or there is no text, ComputeError for logits that are not finite.
Agreement agreement(std::span<const at::Tensor> first, std::span<const at::Tensor> second);

/// {"texts", "tokens", "largest_difference", "same_next_token", "mean_divergence"}
Json to_json(const Agreement& agreement);

}  // namespace austeer
