#include "engine/kv_path.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace austeer {
namespace {

// Tokens of a block that grows: a short answer leaves little of it empty.
constexpr std::int64_t block_tokens = 32;

at::Tensor room_like(const at::Tensor& rows) {
  return at::empty({block_tokens, rows.size(1), rows.size(2)}, rows.options());
}

void copy_row(const at::Tensor& from, std::int64_t row, const at::Tensor& to, std::int64_t place) {
  if (!from.is_cpu()) {
    to.select(0, place).copy_(from.select(0, row));
    return;
  }
  const auto bytes = static_cast<std::size_t>(from.stride(0) * from.element_size());
  std::memcpy(
      static_cast<char*>(to.data_ptr()) + static_cast<std::size_t>(place) * bytes,
      static_cast<const char*>(from.const_data_ptr()) + static_cast<std::size_t>(row) * bytes,
      bytes);
}

}  // namespace

KvPath KvPath::first(std::int64_t tokens) const {
  KvPath result;
  for (const KvRun& run : runs_) {
    const std::int64_t count = std::min(run.count, tokens - result.tokens_);
    if (count > 0) result.append({run.block, run.begin, count});
  }
  return result;
}

void KvPath::append(KvRun run) {
  tokens_ += run.count;
  runs_.push_back(std::move(run));
  grows_ = false;
}

void KvPath::grow(std::int64_t layers) {
  if (!grows_ || runs_.back().count == block_tokens) {
    runs_.push_back({std::make_shared<KvBlock>(static_cast<std::size_t>(layers)), 0, 0});
    grows_ = true;
  }
  ++runs_.back().count;
  ++tokens_;
}

void KvPath::write(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values,
                   std::int64_t row) const {
  const KvRun& run = runs_.back();
  auto& [held_keys, held_values] = (*run.block)[static_cast<std::size_t>(layer)];
  if (!held_keys.defined()) {
    held_keys = room_like(keys);
    held_values = room_like(values);
  }
  copy_row(keys, row, held_keys, run.count - 1);
  copy_row(values, row, held_values, run.count - 1);
}

}  // namespace austeer
