#pragma once
// The forward pass of a decoder-only transformer over packed rows: every linear layer sees
// [rows, width] with no padding. One pass serves all families; the config says what varies. The
// model is const; what a run needs beyond the weights (keys and values of earlier tokens, which
// sites are read or edited) comes from the caller's Pass.

#include <ATen/ATen.h>
#include <memory>
#include <optional>
#include <vector>

#include "models/config.hpp"
#include "models/decoder_layer.hpp"
#include "models/placement.hpp"
#include "models/rope.hpp"
#include "plans/units.hpp"
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

  /// Causal attention of one layer, called once per layer in order, on the layer's device.
  /// `queries` [T or R, H, head_dim], `keys` and `values` [T, kv_heads, head_dim] of this pass's
  /// rows, RoPE applied. Returns [T or R, H * head_dim].
  virtual at::Tensor attend(std::int64_t layer, const AttentionConfig& attention,
                            const at::Tensor& queries, const at::Tensor& keys,
                            const at::Tensor& values) = 0;

  /// Whether at_site() has something to do there; a gate that nobody sees is not computed apart.
  virtual bool sees(Site site, std::int64_t layer) const = 0;

  /// Called at each site of each layer, in the order of computation, with the activations
  /// [T or R, width], which it may edit in place. In Gemma `ffn` is before the post-norm; a layer
  /// of experts has no `ffn_gate`.
  virtual void at_site(Site site, std::int64_t layer, at::Tensor& activations) = 0;
};

/// How far a pass has come.
struct PassState {
  at::Tensor x;            ///< the residual stream, [T, D]; after the last layer [R, D]
  std::int64_t layer = 0;  ///< the next one
  RopeTable table;         ///< of the rows, on the device of x
  RopeTable window_table;  ///< the same for layers with a window
};

class Decoder {
 public:
  /// Reads every weight of `config` out of `checkpoint` and checks its shape. Throws FormatError,
  /// naming the tensor and the file, for what is missing or has another shape.
  Decoder(const DecoderConfig& config, const Checkpoint& checkpoint, at::ScalarType dtype,
          Placement placement);
  Decoder(const DecoderConfig& config, const Checkpoint& checkpoint, at::ScalarType dtype,
          at::Device device)
      : Decoder(config, checkpoint, dtype, on_one_device(device, config.layers)) {}

  /// The hidden states of the needed rows after the final norm, [R, D], on the last layer's device.
  at::Tensor forward(Pass& pass) const;

  /// The same in steps, for passes that part on the way. A copy of what a pass has come to goes on
  /// by itself.
  PassState begin(const Pass& pass) const;
  /// Runs the layers that `state` has not seen, up to but not including `end`.
  void run_layers(Pass& pass, PassState& state, std::int64_t end) const;
  /// What forward() returns, after all layers.
  at::Tensor finish(const PassState& state) const;

  /// Next-token logits of hidden states [R, D]: float32 [R, V].
  at::Tensor logits(const at::Tensor& hidden) const;

  /// The weights, for whoever reads them rather than runs them. A layer that is streamed lies on
  /// the CPU.
  const std::vector<DecoderLayer>& layers() const { return layers_; }
  /// What the final norm multiplies by, [D]; in Gemma 1 + the stored weight.
  const at::Tensor& final_norm() const { return final_norm_; }
  /// The unembedding, [V, D].
  const Linear& head() const { return head_; }

  const DecoderConfig& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }
  /// Where tokens enter: the first layer's device.
  at::Device device() const { return placement_.devices.front(); }
  const Placement& placement() const { return placement_; }
  /// Width of a site's activations. Throws UsageError for `ffn_gate` of a model with experts, each
  /// of which has a gate of its own.
  std::int64_t site_width(Site site) const;

 private:
  void run_layer(const DecoderLayer& layer, Pass& pass, PassState& state) const;
  at::Tensor embed(const at::Tensor& tokens) const;
  at::Tensor norm(const at::Tensor& x, const at::Tensor& weight) const;
  at::Tensor post_norm(const at::Tensor& x, const at::Tensor& weight) const;
  at::Tensor attention(const DecoderLayer& layer, const PassState& state, Pass& pass,
                       const std::optional<at::Tensor>& needed) const;
  at::Tensor heads(const at::Tensor& projected, const at::Tensor& norm_weight, std::int64_t count,
                   const RopeTable& table) const;

  DecoderConfig config_;
  at::ScalarType dtype_;
  Placement placement_;
  at::Tensor embedding_;  // [V, D]
  std::vector<DecoderLayer> layers_;
  at::Tensor final_norm_;  // [D]
  Linear head_;            // [V, D]
  at::Tensor rope_frequencies_;
  at::Tensor window_rope_frequencies_;  // of layers with a window
  std::unique_ptr<ReadAhead> read_ahead_;
};

}  // namespace austeer
