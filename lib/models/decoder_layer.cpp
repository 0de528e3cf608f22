#include "models/decoder_layer.hpp"

#include <fmt/format.h>

namespace austeer {
std::vector<at::Tensor> DecoderLayer::tensors() const {
  std::vector<at::Tensor> result;
  DecoderLayer(*this).transform([&](const at::Tensor& tensor) {
    result.push_back(tensor);
    return tensor;
  });
  return result;
}

void DecoderLayer::transform(const std::function<at::Tensor(const at::Tensor&)>& change) {
  for (at::Tensor* tensor :
       {&attention_norm, &query_norm, &key_norm, &attention_post_norm, &ffn_norm, &ffn_post_norm}) {
    if (tensor->defined()) *tensor = change(*tensor);
  }
  std::vector<Linear*> linears = {&query, &key, &value, &output, &ffn.gate, &ffn.up, &ffn.down};
  if (experts) {
    linears.push_back(&experts->router);
    for (FeedForward& expert : experts->experts) {
      linears.insert(linears.end(), {&expert.gate, &expert.up, &expert.down});
    }
  }
  for (Linear* linear : linears) linear->transform(change);
}

DecoderLayer load_decoder_layer(const DecoderConfig& config, const Weights& weights,
                                std::int64_t index) {
  const std::string at = fmt::format("model.layers.{}.", index);
  const std::int64_t width = config.width;
  const std::int64_t heads = config.attention_width();
  const std::int64_t kv = config.kv_heads * config.head_dim;
  const auto norm = [&](const std::string& name, std::int64_t size) {
    return weights.norm(at + name, size, config.norm_offset);
  };
  const auto projection = [&](const std::string& name, std::int64_t out) {
    return weights.linear(at + "self_attn." + name, out, width, config.attention_bias);
  };

  DecoderLayer layer;
  layer.attention_norm = norm("input_layernorm", width);
  layer.query = projection("q_proj", heads);
  layer.key = projection("k_proj", kv);
  layer.value = projection("v_proj", kv);
  layer.output = weights.linear(at + "self_attn.o_proj", width, heads, config.output_bias);
  if (config.query_key_norms) {
    layer.query_norm = norm("self_attn.q_norm", config.head_dim);
    layer.key_norm = norm("self_attn.k_norm", config.head_dim);
  }
  // With norms on both sides of a block, the one after attention has the name that is elsewhere
  // that of the one before the FFN.
  if (config.post_norms) layer.attention_post_norm = norm("post_attention_layernorm", width);
  layer.ffn_norm =
      norm(config.post_norms ? "pre_feedforward_layernorm" : "post_attention_layernorm", width);
  if (config.has_experts(index)) {
    layer.experts = load_experts(config, weights, at + "mlp");
  } else {
    layer.ffn = load_feed_forward(config, config.ffn_width, weights, at + "mlp");
  }
  if (config.post_norms) layer.ffn_post_norm = norm("post_feedforward_layernorm", width);
  return layer;
}

}  // namespace austeer
