#pragma once
// What a decoder layer does to each token by itself: one gated FFN, or a mixture of small ones
// (experts) of which a router chooses some for each token.

#include <ATen/ATen.h>
#include <functional>
#include <string>
#include <vector>

#include "models/config.hpp"
#include "models/linear.hpp"
#include "models/weights.hpp"

namespace austeer {

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

}  // namespace austeer
