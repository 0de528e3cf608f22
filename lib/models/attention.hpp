#pragma once
// Causal attention of one text, with everything in which the families differ: scale, soft cap,
// sliding window, fewer heads of keys and values than of queries.

#include <ATen/ATen.h>

#include "models/config.hpp"

namespace austeer {

/// `queries` [H, Q, head_dim] are those of the last Q of N tokens; `keys` and `values` [kv_heads,
/// N, head_dim] of all of them. Returns [H, Q, head_dim]. A query sees itself and what stands
/// before it, within the window.
at::Tensor causal_attention(const AttentionConfig& config, const at::Tensor& queries,
                            const at::Tensor& keys, const at::Tensor& values);

}  // namespace austeer
