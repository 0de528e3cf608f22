#pragma once
// The weights of one decoder layer, and how they travel to a device.

#include <ATen/ATen.h>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "models/config.hpp"
#include "models/feed_forward.hpp"
#include "models/linear.hpp"
#include "models/weights.hpp"

namespace austeer {

struct DecoderLayer {
  at::Tensor attention_norm;  // [D]
  Linear query, key, value, output;
  at::Tensor query_norm, key_norm;  // [head_dim], undefined where the family has none
  at::Tensor attention_post_norm;   // [D], undefined where the family has none
  at::Tensor ffn_norm;              // [D]
  FeedForward ffn;                  // of a dense layer
  std::optional<Experts> experts;   // of one with experts
  at::Tensor ffn_post_norm;         // [D], undefined where the family has none

  /// Every tensor that holds the layer, in an order that is the same for layers alike.
  std::vector<at::Tensor> tensors() const;
  /// Replaces each of them by what `change` makes of it.
  void transform(const std::function<at::Tensor(const at::Tensor&)>& change);
};

/// Reads layer `index`. Throws FormatError, naming the tensor, for what is missing or has another
/// shape.
DecoderLayer load_decoder_layer(const DecoderConfig& config, const Weights& weights,
                                std::int64_t index);

}  // namespace austeer
