#include "models/decoder.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

#include "kernels/row_kernels.hpp"
#include "models/config.hpp"
#include "models/dtype.hpp"
#include "models/linear.hpp"
#include "models/placement.hpp"

namespace austeer {
namespace {

template <typename Number>
at::Tensor norm_in_one_pass(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
  at::Tensor out = at::empty_like(x);
  norm_rows(x.const_data_ptr<Number>(), weight.const_data_ptr<Number>(), x.numel() / x.size(-1),
            x.size(-1), static_cast<float>(epsilon), out.data_ptr<Number>());
  return out;
}

}  // namespace

// In half precision the final soft cap and the rotation are computed in float32, where transformers
// rounds the logits, and cosines and sines, first.

Decoder::Decoder(const DecoderConfig& config, const Checkpoint& checkpoint, at::ScalarType dtype,
                 Placement placement)
    : config_(config), dtype_(dtype), placement_(std::move(placement)) {
  const at::Device first = placement_.devices.front();
  const at::Device last = placement_.devices.back();
  const std::int64_t width = config.width;

  embedding_ = Weights(checkpoint, dtype, first)
                   .tensor("model.embed_tokens.weight", {config.vocabulary, width});
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const at::Device home = placement_.streamed[index] ? at::kCPU : placement_.devices[index];
    layers_.push_back(load_decoder_layer(config, Weights(checkpoint, dtype, home), i));
  }
  const Weights weights(checkpoint, dtype, last);
  final_norm_ = weights.norm("model.norm", width, config.norm_offset);
  head_ = config.tied_embeddings ? Linear{embedding_.to(last), {}}
                                 : weights.linear("lm_head", config.vocabulary, width, false);
  rope_frequencies_ = rope_frequencies(config.rope, config.head_dim).to(first);
  window_rope_frequencies_ = config.window_rope
                                 ? rope_frequencies(*config.window_rope, config.head_dim).to(first)
                                 : rope_frequencies_;

  std::vector<at::Tensor> in_order = {embedding_};
  for (const DecoderLayer& layer : layers_)
    std::ranges::copy(layer.tensors(), std::back_inserter(in_order));
  if (!config.tied_embeddings) {
    head_.transform([&](const at::Tensor& part) {
      in_order.push_back(part);
      return part;
    });
  }
  read_ahead_ = std::make_unique<ReadAhead>(std::move(in_order));
}

at::Tensor Decoder::forward(Pass& pass) const {
  PassState state = begin(pass);
  run_layers(pass, state, config_.layers);
  return finish(state);
}

PassState Decoder::begin(const Pass& pass) const {
  const auto table = [&](const at::Tensor& frequencies, const RopeConfig& rope) {
    return rope_table(frequencies, pass.positions, rope.attention_factor);
  };
  PassState state{embed(pass.tokens), 0, table(rope_frequencies_, config_.rope), {}};
  state.window_table =
      config_.window_rope ? table(window_rope_frequencies_, *config_.window_rope) : state.table;
  return state;
}

void Decoder::run_layers(Pass& pass, PassState& state, std::int64_t end) const {
  LayerStream stream(layers_, placement_, state.layer, end);
  while (state.layer < end) {
    const DecoderLayer& layer = stream.layer(state.layer);
    const at::Device device = placement_.devices[static_cast<std::size_t>(state.layer)];
    if (state.x.device() != device) {
      state.x = state.x.to(device);
      state.table = state.table.to(device);
      state.window_table = state.window_table.to(device);
    }
    run_layer(layer, pass, state);
    ++state.layer;
  }
}

at::Tensor Decoder::finish(const PassState& state) const { return norm(state.x, final_norm_); }

/// In the last layer, only the needed rows ask and go on.
void Decoder::run_layer(const DecoderLayer& layer, Pass& pass, PassState& state) const {
  const std::int64_t index = state.layer;
  std::optional<at::Tensor> needed;
  if (index + 1 == config_.layers && pass.needed) needed = pass.needed->to(state.x.device());

  const at::Tensor attended =
      post_norm(attention(layer, state, pass, needed), layer.attention_post_norm);
  at::Tensor x = (needed ? state.x.index_select(0, *needed) : state.x) + attended;

  const at::Tensor normed = norm(x, layer.ffn_norm);
  std::function<void(at::Tensor&)> at_gate;
  if (pass.sees(Site::ffn_gate, index)) {
    at_gate = [&](at::Tensor& gated) { pass.at_site(Site::ffn_gate, index, gated); };
  }
  at::Tensor transformed = layer.experts ? (*layer.experts)(normed) : layer.ffn(normed, at_gate);
  pass.at_site(Site::ffn, index, transformed);
  x.add_(post_norm(transformed, layer.ffn_post_norm));
  pass.at_site(Site::layer, index, x);
  state.x = std::move(x);
}

at::Tensor Decoder::logits(const at::Tensor& hidden) const {
  at::Tensor logits = head_(hidden).to(at::kFloat);
  if (config_.logit_softcap > 0) {
    logits.div_(config_.logit_softcap).tanh_().mul_(config_.logit_softcap);
  }
  return logits;
}

std::int64_t Decoder::site_width(Site site) const { return austeer::site_width(config_, site); }

at::Tensor Decoder::embed(const at::Tensor& tokens) const {
  const at::Tensor x = at::embedding(embedding_, tokens);
  if (!config_.scaled_embeddings) return x;
  return x * at::scalar_tensor(std::sqrt(static_cast<double>(config_.width)), dtype_);
}

at::Tensor Decoder::norm(const at::Tensor& x, const at::Tensor& weight) const {
  if (is_rows_of(at::kFloat, x) && is_rows_of(at::kFloat, weight)) {
    return norm_in_one_pass<float>(x, weight, config_.norm_epsilon);
  }
  if (is_rows_of(at::kBFloat16, x) && is_rows_of(at::kBFloat16, weight)) {
    return norm_in_one_pass<c10::BFloat16>(x, weight, config_.norm_epsilon);
  }
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scale = at::rsqrt(wide.square().mean(-1, true).add_(config_.norm_epsilon));
  const at::Tensor normed = wide * scale;
  return config_.norm_offset ? (normed * weight).to(dtype_) : normed.to(dtype_) * weight;
}

at::Tensor Decoder::post_norm(const at::Tensor& x, const at::Tensor& weight) const {
  return weight.defined() ? norm(x, weight) : x;
}

at::Tensor Decoder::attention(const DecoderLayer& layer, const PassState& state, Pass& pass,
                              const std::optional<at::Tensor>& needed) const {
  const AttentionConfig config = config_.attention(state.layer);
  const RopeTable& table = config.window > 0 ? state.window_table : state.table;
  const at::Tensor normed = norm(state.x, layer.attention_norm);
  const at::Tensor asking = needed ? normed.index_select(0, *needed) : normed;
  const at::Tensor queries = heads(layer.query(asking), layer.query_norm, config_.heads,
                                   needed ? table.select(*needed) : table);
  const at::Tensor keys = heads(layer.key(normed), layer.key_norm, config_.kv_heads, table);
  const at::Tensor values =
      layer.value(normed).view({normed.size(0), config_.kv_heads, config_.head_dim});

  at::Tensor attended = pass.attend(state.layer, config, queries, keys, values);
  pass.at_site(Site::attention, state.layer, attended);
  return layer.output(attended);
}

at::Tensor Decoder::heads(const at::Tensor& projected, const at::Tensor& norm_weight,
                          std::int64_t count, const RopeTable& table) const {
  const at::Tensor split = projected.view({projected.size(0), count, config_.head_dim});
  return apply_rope(post_norm(split, norm_weight), table);
}

}  // namespace austeer
