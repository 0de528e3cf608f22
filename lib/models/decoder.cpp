#include "models/decoder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace austeer {
namespace {

/// Loads tensors under their Hugging Face names and checks their shapes.
class Loader {
 public:
  Loader(const Checkpoint& checkpoint, at::ScalarType dtype, at::Device device)
      : checkpoint_(checkpoint), dtype_(dtype), device_(device) {}

  at::Tensor tensor(const std::string& name, const std::vector<std::int64_t>& shape) const {
    if (!checkpoint_.has(name)) {
      throw FormatError(
          {fmt::format("[model] {}: the tensor '{}' is missing", checkpoint_.path().string(), name),
           "", "", "The checkpoint is incomplete or of another model"});
    }
    const std::vector<std::int64_t> found = checkpoint_.shape(name);
    if (found != shape) {
      throw FormatError({fmt::format("[model] {}: the tensor '{}' has a wrong shape",
                                     checkpoint_.path().string(), name),
                         fmt::format("[{}]", fmt::join(shape, ", ")),
                         fmt::format("[{}]", fmt::join(found, ", ")),
                         "config.json and the weights do not belong together"});
    }
    return checkpoint_.load(name, dtype_).to(device_);
  }

  Linear linear(const std::string& name, std::int64_t out, std::int64_t in, bool bias) const {
    return {tensor(name + ".weight", {out, in}),
            bias ? tensor(name + ".bias", {out}) : at::Tensor()};
  }

 private:
  const Checkpoint& checkpoint_;
  at::ScalarType dtype_;
  at::Device device_;
};

}  // namespace

Decoder::Decoder(const DecoderConfig& config, const Checkpoint& checkpoint, at::ScalarType dtype,
                 at::Device device)
    : config_(config), dtype_(dtype), device_(device) {
  const Loader load(checkpoint, dtype, device);
  const std::int64_t width = config.width;
  const std::int64_t attention = config.attention_width();
  const std::int64_t kv = config.kv_heads * config.head_dim;

  embedding_ = load.tensor("model.embed_tokens.weight", {config.vocabulary, width});
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const std::string at = fmt::format("model.layers.{}.", i);
    const bool bias = config.attention_bias;
    layers_.push_back(
        {.attention_norm = load.tensor(at + "input_layernorm.weight", {width}),
         .query = load.linear(at + "self_attn.q_proj", attention, width, bias),
         .key = load.linear(at + "self_attn.k_proj", kv, width, bias),
         .value = load.linear(at + "self_attn.v_proj", kv, width, bias),
         .output = load.linear(at + "self_attn.o_proj", width, attention, bias),
         .ffn_norm = load.tensor(at + "post_attention_layernorm.weight", {width}),
         .gate = load.linear(at + "mlp.gate_proj", config.ffn_width, width, config.ffn_bias),
         .up = load.linear(at + "mlp.up_proj", config.ffn_width, width, config.ffn_bias),
         .down = load.linear(at + "mlp.down_proj", width, config.ffn_width, config.ffn_bias)});
  }
  final_norm_ = load.tensor("model.norm.weight", {width});
  head_ = config.tied_embeddings ? Linear{embedding_, {}}
                                 : load.linear("lm_head", config.vocabulary, width, false);
  rope_frequencies_ = rope_frequencies(config.rope, config.head_dim).to(device);
}

at::Tensor Decoder::forward(Pass& pass) const {
  at::Tensor x = at::embedding(embedding_, pass.tokens);  // [T, D]
  const RopeTable table = rope_table(rope_frequencies_, pass.positions);

  for (std::int64_t i = 0; i < config_.layers; ++i) {
    const Layer& layer = layers_[static_cast<std::size_t>(i)];
    const bool needed_only = i + 1 == config_.layers && pass.needed.has_value();
    const at::Tensor attended = attention(layer, i, x, table, pass, needed_only);
    if (needed_only) x = x.index_select(0, *pass.needed);
    x = x + attended;

    at::Tensor transformed = ffn(layer, norm(x, layer.ffn_norm));
    pass.at_site(Site::ffn, i, transformed);
    x.add_(transformed);
    pass.at_site(Site::layer, i, x);
  }
  return norm(x, final_norm_);
}

at::Tensor Decoder::logits(const at::Tensor& hidden) const { return head_(hidden).to(at::kFloat); }

std::int64_t Decoder::site_width(Site site) const {
  return site == Site::attention ? config_.attention_width() : config_.width;
}

at::Tensor Decoder::norm(const at::Tensor& x, const at::Tensor& weight) const {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scale = at::rsqrt(wide.square().mean(-1, true).add_(config_.norm_epsilon));
  return (wide * scale).to(dtype_) * weight;
}

at::Tensor Decoder::attention(const Layer& layer, std::int64_t index, const at::Tensor& x,
                              const RopeTable& table, Pass& pass, bool needed_only) const {
  const at::Tensor normed = norm(x, layer.attention_norm);
  const at::Tensor asking = needed_only ? normed.index_select(0, *pass.needed) : normed;
  const RopeTable asking_table = needed_only ? RopeTable{table.cos.index_select(0, *pass.needed),
                                                         table.sin.index_select(0, *pass.needed)}
                                             : table;
  const auto split = [&](const at::Tensor& rows, std::int64_t heads) {
    return rows.view({rows.size(0), heads, config_.head_dim});
  };
  const at::Tensor queries = apply_rope(split(layer.query(asking), config_.heads), asking_table);
  const at::Tensor keys = apply_rope(split(layer.key(normed), config_.kv_heads), table);
  const at::Tensor values = split(layer.value(normed), config_.kv_heads);

  at::Tensor heads = pass.attend(index, queries, keys, values);
  pass.at_site(Site::attention, index, heads);
  return layer.output(heads);
}

at::Tensor Decoder::ffn(const Layer& layer, const at::Tensor& x) const {
  at::Tensor gate = layer.gate(x);
  at::silu_(gate);
  return layer.down(gate.mul_(layer.up(x)));
}

}  // namespace austeer
