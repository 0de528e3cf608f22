#include "engine/packed_pass.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>

#include "models/attention.hpp"
#include "models/token_attention.hpp"

namespace austeer {
namespace {

at::Tensor to_device(const std::vector<std::int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

}  // namespace

PackedPass::PackedPass(std::span<const Slice> slices, KvCache* cache, Tap* tap, at::Device device)
    : cache_(cache), tap_(tap) {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> needed_index;
  for (const Slice& slice : slices) {
    const auto begin = static_cast<std::int64_t>(ids.size());
    const auto count = static_cast<std::int64_t>(slice.tokens.size());
    extents_.push_back({slice.text, slice.first, begin, count,
                        static_cast<std::int64_t>(needed_index.size()), slice.needed});
    decodes_ = decodes_ && count == 1 && slice.first > 0;
    ids.insert(ids.end(), slice.tokens.begin(), slice.tokens.end());
    for (std::int64_t i = 0; i < count; ++i) {
      rows_.text.push_back(slice.text);
      rows_.position.push_back(slice.first + i);
      rows_.prompt_last.push_back(slice.prompt - 1);
      if (i < count - slice.needed) continue;
      needed_index.push_back(begin + i);
      needed_rows_.text.push_back(slice.text);
      needed_rows_.position.push_back(slice.first + i);
      needed_rows_.prompt_last.push_back(slice.prompt - 1);
    }
    rows_.last.push_back(begin + count - 1);
    needed_rows_.last.push_back(static_cast<std::int64_t>(needed_index.size()) - 1);
  }
  tokens = to_device(ids, device);
  positions = to_device(rows_.position, device);
  if (needed_index.size() < ids.size()) needed = to_device(needed_index, device);
}

at::Tensor PackedPass::attend(std::int64_t layer, const AttentionConfig& attention,
                              const at::Tensor& queries, const at::Tensor& keys,
                              const at::Tensor& values) {
  const bool is_float = queries.is_cpu() && queries.scalar_type() == at::kFloat;
  if (decodes_ && is_float && attention.softcap == 0) {
    return attend_tokens(layer, attention, queries, keys, values);
  }
  const bool all_rows = queries.size(0) == keys.size(0);
  at::Tensor result =
      at::empty({queries.size(0), queries.size(1) * queries.size(2)}, queries.options());
  const auto attend_range = [&](std::int64_t begin, std::int64_t end) {
    const c10::InferenceMode guard;
    for (std::int64_t i = begin; i < end; ++i) {
      const Extent& extent = extents_[static_cast<std::size_t>(i)];
      const std::int64_t row = all_rows ? extent.begin : extent.needed_begin;
      const std::int64_t count = all_rows ? extent.count : extent.needed;
      result.narrow(0, row, count)
          .copy_(attend_one(layer, attention, extent, queries.narrow(0, row, count),
                            keys.narrow(0, extent.begin, extent.count),
                            values.narrow(0, extent.begin, extent.count)));
    }
  };
  // Few texts leave the threads to the products inside one.
  const auto texts = static_cast<std::int64_t>(extents_.size());
  if (queries.is_cpu() && texts >= at::get_num_threads()) {
    at::parallel_for(0, texts, 1, attend_range);
  } else {
    attend_range(0, texts);
  }
  return result;
}

at::Tensor PackedPass::attend_one(std::int64_t layer, const AttentionConfig& attention,
                                  const Extent& extent, const at::Tensor& queries,
                                  const at::Tensor& keys, const at::Tensor& values) {
  const KeysValues held = cache_ != nullptr
                              ? cache_->extend(layer, extent.text, extent.first, keys, values)
                              : KeysValues{keys.transpose(0, 1), values.transpose(0, 1)};
  const at::Tensor attended =
      causal_attention(attention, queries.transpose(0, 1), held.keys, held.values);
  return attended.transpose(0, 1).reshape({queries.size(0), -1});
}

at::Tensor PackedPass::attend_tokens(std::int64_t layer, const AttentionConfig& attention,
                                     const at::Tensor& queries, const at::Tensor& keys,
                                     const at::Tensor& values) {
  const at::Tensor asked = queries.contiguous();
  const at::Tensor new_keys = keys.contiguous();
  const at::Tensor new_values = values.contiguous();
  const std::int64_t width = asked.size(1) * asked.size(2);
  const std::int64_t kv_width = new_keys.size(1) * new_keys.size(2);
  at::Tensor result = at::empty({asked.size(0), width}, asked.options());
  TokenAttention all{asked.const_data_ptr<float>(),
                     nullptr,
                     nullptr,
                     result.data_ptr<float>(),
                     asked.size(1),
                     new_keys.size(1),
                     asked.size(2),
                     0,
                     0,
                     static_cast<float>(attention.scale)};
  const float* const key = new_keys.const_data_ptr<float>();
  const float* const value = new_values.const_data_ptr<float>();
  at::parallel_for(0, asked.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Extent& extent = extents_[static_cast<std::size_t>(row)];
      const KeysValuesMemory held = cache_->extend_token(
          layer, extent.text, extent.first, key + row * kv_width, value + row * kv_width);
      const std::int64_t known = extent.first + 1;
      const std::int64_t seen = attention.window > 0 ? std::min(attention.window, known) : known;
      const std::int64_t skipped = (known - seen) * all.head_dim;
      TokenAttention one = all;
      one.queries += row * width;
      one.out += row * width;
      one.keys = held.keys + skipped;
      one.values = held.values + skipped;
      one.kv_stride = held.stride;
      one.tokens = seen;
      attend_token(one);
    }
  });
  return result;
}

void PackedPass::at_site(Site site, std::int64_t layer, at::Tensor& activations) {
  if (tap_ == nullptr || !tap_->wants(site, layer)) return;
  const bool all_rows = activations.size(0) == static_cast<std::int64_t>(rows_.text.size());
  tap_->visit(site, layer, all_rows ? rows_ : needed_rows_, activations);
}

}  // namespace austeer
