#include "engine/kv_cache.hpp"

namespace austeer {

KvCache::KvCache(std::int64_t layers, std::int64_t first_text, std::vector<std::int64_t> capacity)
    : first_text_(first_text),
      capacity_(std::move(capacity)),
      held_(capacity_.size(), std::vector<KeysValues>(static_cast<std::size_t>(layers))) {}

KeysValues KvCache::extend(std::int64_t layer, std::int64_t text, std::int64_t first,
                           const at::Tensor& keys, const at::Tensor& values) {
  const auto index = static_cast<std::size_t>(text - first_text_);
  KeysValues& held = held_[index][static_cast<std::size_t>(layer)];
  const std::int64_t count = keys.size(0);
  if (!held.keys.defined()) {
    const std::vector<std::int64_t> shape = {keys.size(1), capacity_[index], keys.size(2)};
    held = {at::empty(shape, keys.options()), at::empty(shape, values.options())};
  }
  held.keys.narrow(1, first, count).copy_(keys.transpose(0, 1));
  held.values.narrow(1, first, count).copy_(values.transpose(0, 1));
  return {held.keys.narrow(1, 0, first + count), held.values.narrow(1, 0, first + count)};
}

void KvCache::release(std::int64_t text) {
  for (KeysValues& held : held_[static_cast<std::size_t>(text - first_text_)]) held = {};
}

}  // namespace austeer
