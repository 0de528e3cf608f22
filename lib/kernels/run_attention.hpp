#pragma once
// Causal attention on the CPU over keys and values that lie in several places: what texts share
// stands once in memory and is read where it is. A prompt's tokens and the one new token of a
// decode step are asked alike.

#include <c10/core/ScalarType.h>
#include <cstdint>
#include <span>

namespace austeer {

/// Consecutive tokens of one text: keys and values, [tokens, kv_heads, head_dim] each.
struct KeyRun {
  const void* keys;
  const void* values;
  std::int64_t tokens;
};

/// The attention of the last `count` tokens of one text to those before them and to themselves.
/// Everything is in `dtype` (float32, bfloat16 or float16) and computed in float32.
struct RunAttention {
  c10::ScalarType dtype;
  const void* queries;           ///< [count, heads, head_dim]
  void* out;                     ///< [count, heads, head_dim]
  std::int64_t count;            ///< at most the tokens of `runs`
  std::span<const KeyRun> runs;  ///< all tokens of the text, in order
  std::int64_t heads;            ///< a multiple of kv_heads; consecutive ones share keys and values
  std::int64_t kv_heads;
  std::int64_t head_dim;
  std::int64_t window;  ///< how many tokens a query sees, itself included; 0: all
  float scale;
  float softcap;  ///< scores s become softcap · tanh(s / softcap); 0: they stay
};

/// Queries that share a head of keys and are computed together, on one thread.
struct AttentionBlock {
  std::int64_t kv_head;
  std::int64_t first;  ///< of the `count` queries
  std::int64_t count;
};

/// How many queries a block should have at most.
constexpr std::int64_t attention_block_queries = 16;

/// Writes softmax(scale · q K^T) V of one block's heads and queries to `out`, on the calling
/// thread. A query's result depends neither on which others are asked with it nor on how its
/// text's tokens are cut into runs. Uses AVX2 and FMA where the processor has them.
void attend_runs(const RunAttention& attention, const AttentionBlock& block);

/// The same said plainly, for any processor; it sums in another order.
void attend_runs_plainly(const RunAttention& attention, const AttentionBlock& block);

}  // namespace austeer
