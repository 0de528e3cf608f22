#include "engine/kv_cache.hpp"

#include <algorithm>

namespace austeer {
namespace {

/// Writes `token` [kv_heads, head_dim] at `position` of `held` [kv_heads, capacity, head_dim].
float* put(const float* token, std::int64_t position, const at::Tensor& held) {
  float* const memory = held.data_ptr<float>();
  const std::int64_t dim = held.size(2);
  for (std::int64_t head = 0; head < held.size(0); ++head) {
    std::copy_n(token + head * dim, dim, memory + head * held.stride(0) + position * dim);
  }
  return memory;
}

}  // namespace

KvCache::KvCache(std::int64_t layers, std::int64_t first_text, std::vector<std::int64_t> capacity)
    : first_text_(first_text),
      capacity_(std::move(capacity)),
      held_(capacity_.size(), std::vector<KeysValues>(static_cast<std::size_t>(layers))) {}

KeysValues KvCache::extend(std::int64_t layer, std::int64_t text, std::int64_t first,
                           const at::Tensor& keys, const at::Tensor& values) {
  auto& [held_keys, held_values] = held(layer, text);
  const std::int64_t count = keys.size(0);
  if (!held_keys.defined()) {
    const std::vector<std::int64_t> shape = {
        keys.size(1), capacity_[static_cast<std::size_t>(text - first_text_)], keys.size(2)};
    held_keys = at::empty(shape, keys.options());
    held_values = at::empty(shape, values.options());
  }
  held_keys.narrow(1, first, count).copy_(keys.transpose(0, 1));
  held_values.narrow(1, first, count).copy_(values.transpose(0, 1));
  return {held_keys.narrow(1, 0, first + count), held_values.narrow(1, 0, first + count)};
}

KeysValuesMemory KvCache::extend_token(std::int64_t layer, std::int64_t text, std::int64_t position,
                                       const float* key, const float* value) {
  const auto& [held_keys, held_values] = held(layer, text);
  return {put(key, position, held_keys), put(value, position, held_values), held_keys.stride(0)};
}

KeysValues& KvCache::held(std::int64_t layer, std::int64_t text) {
  return held_[static_cast<std::size_t>(text - first_text_)][static_cast<std::size_t>(layer)];
}

void KvCache::release(std::int64_t text) {
  for (KeysValues& held : held_[static_cast<std::size_t>(text - first_text_)]) held = {};
}

}  // namespace austeer
