#pragma once
// One decoder layer: its attention and feed-forward blocks over packed rows, its weights, and how
// they travel to a device.

#include <ATen/ATen.h>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/config.hpp"
#include "models/linear.hpp"

namespace austeer {

// Causal attention of one text, with everything in which the families differ: scale, soft cap,
// sliding window, fewer heads of keys and values than of queries.

/// `queries` [H, Q, head_dim] are those of the last Q of N tokens; `keys` and `values` [kv_heads,
/// N, head_dim] of all of them. Returns [H, Q, head_dim]. A query sees itself and what stands
/// before it, within the window.
at::Tensor causal_attention(const AttentionConfig& config, const at::Tensor& queries,
                            const at::Tensor& keys, const at::Tensor& values);

// What a decoder layer does to each token by itself: one gated FFN, or a mixture of small ones
// (experts) of which a router chooses some for each token.

/// down(activation(gate(x)) * up(x)).
struct FeedForward {
  Linear gate, up, down;
  Activation activation = Activation::silu;

  /// x [rows, D] → [rows, D]. `at_gate`, where there is one, is called with activation(gate(x))
  /// [rows, FFN width], which it may edit in place; without one, activation and product may be
  /// taken together, which is faster.
  at::Tensor operator()(const at::Tensor& x,
                        const std::function<void(at::Tensor&)>& at_gate = {}) const;
};

/// E experts and their router (Qwen3-MoE: softmax over all experts in float32, the best ones taken,
/// their weights scaled to sum to 1 where the config says so).
struct Experts {
  Linear router;  ///< D → E
  std::vector<FeedForward> experts;
  std::int64_t per_token = 0;
  bool normalised = false;

  /// The weighted sum of each row's chosen experts: x [rows, D] → [rows, D]. Each expert runs once,
  /// over all rows that chose it.
  at::Tensor operator()(const at::Tensor& x) const;
};

/// Reads the FFN below `name` ("model.layers.0.mlp").
FeedForward load_feed_forward(const DecoderConfig& config, std::int64_t ffn_width,
                              const Weights& weights, const std::string& name);
Experts load_experts(const DecoderConfig& config, const Weights& weights, const std::string& name);

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
