#include "models/attention.hpp"

#include <algorithm>
#include <limits>

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

}  // namespace austeer
