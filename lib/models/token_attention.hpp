#pragma once
// Attention of one new token to all tokens of its text: what decoding does in each layer for each
// text. The general product of matrices spends most of its time on setting itself up for so little.

#include <cstdint>

namespace austeer {

/// The newest token's queries, and the keys and values that it sees, in float32.
struct TokenAttention {
  const float* queries;  ///< [heads, head_dim]
  const float* keys;     ///< [kv_heads, tokens, head_dim], the kv_heads kv_stride floats apart
  const float* values;   ///< as the keys
  float* out;            ///< [heads, head_dim]
  std::int64_t heads;    ///< a multiple of kv_heads; consecutive ones share keys and values
  std::int64_t kv_heads;
  std::int64_t head_dim;
  std::int64_t tokens;
  std::int64_t kv_stride;
  float scale;
};

/// Writes softmax(scale · q K^T) V of each head to `out`, on the calling thread. Uses AVX2 and FMA
/// where the processor has them.
void attend_token(const TokenAttention& attention);

/// The same said plainly, for any processor; it sums in another order.
void attend_token_plainly(const TokenAttention& attention);

}  // namespace austeer
