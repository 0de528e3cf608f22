#pragma once
// Keys and values of the tokens that a decoder has already seen, for several texts of different
// lengths. Each text has its own storage per layer, so that a finished text frees what it held.

#include <ATen/ATen.h>
#include <cstdint>
#include <vector>

namespace austeer {

/// What one layer holds of one text: views [kv_heads, tokens, head_dim].
struct KeysValues {
  at::Tensor keys;
  at::Tensor values;
};

/// The same of float32 tensors on the CPU, as memory: [kv_heads, tokens, head_dim], the kv_heads
/// `stride` floats apart.
struct KeysValuesMemory {
  const float* keys;
  const float* values;
  std::int64_t stride;
};

class KvCache {
 public:
  /// Room for `capacity[i]` tokens of text `first_text` + i in each of `layers` layers.
  KvCache(std::int64_t layers, std::int64_t first_text, std::vector<std::int64_t> capacity);

  /// Stores the new rows `keys` and `values` [n, kv_heads, head_dim] of `text` from position
  /// `first` on, and returns all that the layer holds of it: `first` + n tokens. Different texts
  /// may be extended from different threads.
  KeysValues extend(std::int64_t layer, std::int64_t text, std::int64_t first,
                    const at::Tensor& keys, const at::Tensor& values);

  /// As extend(), by the one token at `position` > 0, whose `key` and `value` are float32
  /// [kv_heads, head_dim] on the CPU; no tensor is made.
  KeysValuesMemory extend_token(std::int64_t layer, std::int64_t text, std::int64_t position,
                                const float* key, const float* value);

  /// Frees what is held of `text`.
  void release(std::int64_t text);

 private:
  KeysValues& held(std::int64_t layer, std::int64_t text);

  std::int64_t first_text_;
  std::vector<std::int64_t> capacity_;
  std::vector<std::vector<KeysValues>> held_;  // [text][layer], allocated on first use
};

}  // namespace austeer
