#include "models/decoder_layer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "kernels/row_kernels.hpp"
#include "models/dtype.hpp"

namespace austeer {

namespace {

// With a window or a soft cap, so many queries are computed at a time: the scores [H, block, keys]
// stay small, and a block meets only the keys that its window reaches.
constexpr std::int64_t block_queries = 256;

/// True where a query may see a key, [count, known]: queries stand at positions first…, keys at 0….
at::Tensor visible(std::int64_t first, std::int64_t count, std::int64_t known, std::int64_t window,
                   at::Device device) {
  const auto positions = at::TensorOptions().dtype(at::kLong).device(device);
  const at::Tensor behind = at::arange(first, first + count, positions).unsqueeze(1) -
                            at::arange(known, positions).unsqueeze(0);
  const at::Tensor causal = behind >= 0;
  return window > 0 ? causal.logical_and(behind < window) : causal;
}

/// Attention with soft-capped scores. The heads that share keys stand as rows of one matrix.
at::Tensor capped_attention(const AttentionConfig& config, const at::Tensor& queries,
                            const at::Tensor& keys, const at::Tensor& values,
                            const at::Tensor& mask) {
  const std::int64_t count = queries.size(1);
  const std::int64_t kv_heads = keys.size(0);
  const at::Tensor grouped = queries.reshape({kv_heads, -1, queries.size(2)});
  at::Tensor scores = at::matmul(grouped, keys.transpose(1, 2)).mul_(config.scale);
  scores.div_(config.softcap).tanh_().mul_(config.softcap);
  scores = scores.view({kv_heads, -1, count, keys.size(1)});
  const at::Tensor weights =
      at::softmax(scores.to(at::kFloat)
                      .masked_fill_(mask.logical_not(), -std::numeric_limits<float>::infinity()),
                  -1)
          .to(queries.scalar_type());
  return at::matmul(weights.view({kv_heads, -1, keys.size(1)}), values).view(queries.sizes());
}

at::Tensor product_attention(const AttentionConfig& config, const at::Tensor& queries,
                             const at::Tensor& keys, const at::Tensor& values,
                             const std::optional<at::Tensor>& mask, bool causal) {
  return at::scaled_dot_product_attention(queries.unsqueeze(0), keys.unsqueeze(0),
                                          values.unsqueeze(0), mask, /*dropout_p=*/0.0, causal,
                                          config.scale,
                                          /*enable_gqa=*/queries.size(0) != keys.size(0))
      .squeeze(0);
}

/// Queries at positions [first, first + count) of a text, and only the keys that they can see.
at::Tensor block_attention(const AttentionConfig& config, const at::Tensor& queries,
                           std::int64_t first, const at::Tensor& keys, const at::Tensor& values) {
  const std::int64_t count = queries.size(1);
  const std::int64_t begin =
      config.window > 0 ? std::max<std::int64_t>(0, first - config.window + 1) : 0;
  const std::int64_t known = first + count - begin;
  const at::Tensor seen_keys = keys.narrow(1, begin, known);
  const at::Tensor seen_values = values.narrow(1, begin, known);
  // The newest token alone sees all that is left.
  if (count == 1 && config.softcap == 0) {
    return product_attention(config, queries, seen_keys, seen_values, std::nullopt, false);
  }
  const at::Tensor mask = visible(first - begin, count, known, config.window, queries.device());
  return config.softcap > 0
             ? capped_attention(config, queries, seen_keys, seen_values, mask)
             : product_attention(config, queries, seen_keys, seen_values, mask, false);
}

}  // namespace

at::Tensor causal_attention(const AttentionConfig& config, const at::Tensor& queries,
                            const at::Tensor& keys, const at::Tensor& values) {
  const std::int64_t asking = queries.size(1);
  const std::int64_t known = keys.size(1);
  const bool windowed = config.window > 0 && config.window < known;
  if (config.softcap == 0 && !windowed && asking == known) {
    return product_attention(config, queries, keys, values, std::nullopt, /*causal=*/asking > 1);
  }
  if (asking <= block_queries) {
    return block_attention(config, queries, known - asking, keys, values);
  }
  at::Tensor result = at::empty_like(queries);
  for (std::int64_t begin = 0; begin < asking; begin += block_queries) {
    const std::int64_t count = std::min(block_queries, asking - begin);
    result.narrow(1, begin, count)
        .copy_(block_attention(config, queries.narrow(1, begin, count), known - asking + begin,
                               keys, values));
  }
  return result;
}

namespace {

void activate(Activation activation, at::Tensor& x) {
  switch (activation) {
    case Activation::silu:
      at::silu_(x);
      return;
    case Activation::gelu_tanh:
      at::gelu_(x, "tanh");
      return;
  }
}

}  // namespace

at::Tensor FeedForward::operator()(const at::Tensor& x,
                                   const std::function<void(at::Tensor&)>& at_gate) const {
  at::Tensor gated = gate(x);
  if (!at_gate && activation == Activation::silu && is_float_rows(gated)) {
    const at::Tensor factor = up(x).contiguous();
    multiply_silu(gated.data_ptr<float>(), factor.const_data_ptr<float>(), gated.numel());
    return down(gated);
  }
  activate(activation, gated);
  if (at_gate) at_gate(gated);
  return down(gated.mul_(up(x)));
}

at::Tensor Experts::operator()(const at::Tensor& x) const {
  auto [shares, chosen] = at::softmax(router(x), -1, at::kFloat).topk(per_token);  // [rows, k]
  if (normalised) shares.div_(shares.sum(-1, true));
  shares = shares.to(x.scalar_type()).flatten();

  // Sorted by expert, the (row, expert) choices of one expert stand together.
  const auto [experts_of, order] = chosen.flatten().sort(/*stable=*/true, 0, false);
  const at::Tensor rows = order.floor_divide(per_token);
  const at::Tensor counts = at::bincount(experts_of, {}, static_cast<std::int64_t>(experts.size()));
  const at::Tensor host_counts = counts.cpu();
  const auto count_of = host_counts.accessor<std::int64_t, 1>();

  at::Tensor sum = at::zeros_like(x);
  std::int64_t first = 0;
  for (std::size_t e = 0; e < experts.size(); ++e) {
    const std::int64_t count = count_of[static_cast<std::int64_t>(e)];
    if (count == 0) continue;
    const at::Tensor own_rows = rows.narrow(0, first, count);
    const at::Tensor share = shares.index_select(0, order.narrow(0, first, count)).unsqueeze(1);
    sum.index_add_(0, own_rows, experts[e](x.index_select(0, own_rows)) * share);
    first += count;
  }
  return sum;
}

FeedForward load_feed_forward(const DecoderConfig& config, std::int64_t ffn_width,
                              const Weights& weights, const std::string& name) {
  const std::int64_t width = config.width;
  return {weights.linear(name + ".gate_proj", ffn_width, width, config.ffn_bias),
          weights.linear(name + ".up_proj", ffn_width, width, config.ffn_bias),
          weights.linear(name + ".down_proj", width, ffn_width, config.ffn_bias),
          config.activation};
}

Experts load_experts(const DecoderConfig& config, const Weights& weights, const std::string& name) {
  const ExpertsConfig& sizes = *config.experts;
  Experts result;
  result.router = weights.linear(name + ".gate", sizes.count, config.width, false);
  for (std::int64_t e = 0; e < sizes.count; ++e) {
    result.experts.push_back(
        load_feed_forward(config, sizes.ffn_width, weights, fmt::format("{}.experts.{}", name, e)));
  }
  result.per_token = sizes.per_token;
  result.normalised = sizes.normalised;
  return result;
}

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
