#pragma once
// The forward pass of a decoder-only transformer over packed rows: every linear layer sees
// [rows, width] with no padding. The model is const; what a run needs beyond the weights (keys and
// values of earlier tokens, which sites are read or edited) comes from the caller's Pass.

#include <ATen/ATen.h>
#include <optional>
#include <vector>

#include "models/config.hpp"
#include "models/linear.hpp"
#include "models/rope.hpp"
#include "models/site.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {

/// What one forward pass is asked for, and its caller's part in it. T rows go in, one per token;
/// the R rows of `needed` come out. In the last layer only those are computed beyond the keys and
/// values, so that there `attend` and `at_site` see R rows instead of T.
class Pass {
 public:
  virtual ~Pass() = default;

  /// Token ids and positions of the rows, int64 [T] each, on the model's device.
  at::Tensor tokens;
  at::Tensor positions;
  /// Indices of the rows wanted after the last layer, int64 [R]; all rows when not set.
  std::optional<at::Tensor> needed;

  /// Causal attention of one layer, called once per layer in order. `queries` [T or R, H,
  /// head_dim], `keys` and `values` [T, kv_heads, head_dim] of this pass's rows, RoPE applied.
  /// Returns [T or R, H * head_dim].
  virtual at::Tensor attend(std::int64_t layer, const at::Tensor& queries, const at::Tensor& keys,
                            const at::Tensor& values) = 0;

  /// Called at each site of each layer, in the order of computation, with the activations
  /// [T or R, width], which it may edit in place.
  virtual void at_site(Site site, std::int64_t layer, at::Tensor& activations) = 0;
};

class Decoder {
 public:
  /// Reads every weight of `config` out of `checkpoint` and checks its shape. Throws FormatError,
  /// naming the tensor and the file, for what is missing or has another shape.
  Decoder(const DecoderConfig& config, const Checkpoint& checkpoint, at::ScalarType dtype,
          at::Device device);

  /// The hidden states of the needed rows after the final norm, [R, D].
  at::Tensor forward(Pass& pass) const;

  /// Next-token logits of hidden states [R, D]: float32 [R, V].
  at::Tensor logits(const at::Tensor& hidden) const;

  const DecoderConfig& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }
  at::Device device() const { return device_; }
  /// Width of a site's activations.
  std::int64_t site_width(Site site) const;

 private:
  struct Layer {
    at::Tensor attention_norm;  // [D]
    Linear query, key, value, output;
    at::Tensor ffn_norm;  // [D]
    Linear gate, up, down;
  };

  at::Tensor norm(const at::Tensor& x, const at::Tensor& weight) const;
  at::Tensor attention(const Layer& layer, std::int64_t index, const at::Tensor& x,
                       const RopeTable& table, Pass& pass, bool needed_only) const;
  at::Tensor ffn(const Layer& layer, const at::Tensor& x) const;

  DecoderConfig config_;
  at::ScalarType dtype_;
  at::Device device_;
  at::Tensor embedding_;  // [V, D]
  std::vector<Layer> layers_;
  at::Tensor final_norm_;  // [D]
  Linear head_;            // [V, D]
  at::Tensor rope_frequencies_;
};

}  // namespace austeer
