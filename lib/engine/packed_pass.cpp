#include "engine/packed_pass.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <atomic>
#include <c10/core/InferenceMode.h>
#include <utility>
#include <vector>

#include "kernels/run_attention.hpp"
#include "models/decoder_layer.hpp"

namespace austeer {

namespace {

// Products of a query and a key below which a second thread costs more than it helps.
constexpr std::int64_t fewest_for_threads = 4096;

at::Tensor to_device(const std::vector<std::int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

std::int64_t size(const TextSlice& slice) { return static_cast<std::int64_t>(slice.tokens.size()); }

bool goes_on(const TextSlice& slice) { return slice.first > 0; }

/// How many first tokens of a whole text other texts may share.
std::int64_t shareable(const TextSlice& slice) {
  if (goes_on(slice)) return 0;
  return std::max<std::int64_t>(0, std::min(slice.prompt - 1, size(slice) - slice.needed));
}

void* row_of(const at::Tensor& tensor, std::int64_t row) {
  return static_cast<char*>(tensor.data_ptr()) + row * tensor.stride(0) * tensor.element_size();
}

}  // namespace

std::int64_t shared_tokens(const TextSlice& a, const TextSlice& b) {
  const auto most = static_cast<std::size_t>(std::min(shareable(a), shareable(b)));
  const auto first = a.tokens.first(most);
  return std::ranges::mismatch(first, b.tokens.first(most)).in1 - first.begin();
}

std::int64_t computed_tokens(const TextSlice* before, const TextSlice& slice, PassKind kind) {
  const bool shares = before != nullptr && kind == PassKind::fast;
  return size(slice) - (shares ? shared_tokens(*before, slice) : 0);
}

PackedPass::PackedPass(std::span<const TextSlice> slices, PassKind kind, Tap* tap,
                       const Decoder& model)
    : block_(std::make_shared<KvBlock>(static_cast<std::size_t>(model.config().layers))),
      kind_(kind),
      model_(model) {
  extents_.reserve(slices.size());
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const TextSlice& slice = slices[i];
    if (goes_on(slice)) {
      slice.path->grow(model.config().layers);
      add(slice, 1, *slice.path);
      continue;
    }
    const std::int64_t count = computed_tokens(i > 0 ? &slices[i - 1] : nullptr, slice, kind);
    const std::int64_t known = size(slice) - count;
    KvPath path = known > 0 ? extents_.back().path.first(known) : KvPath();
    path.append({block_, static_cast<std::int64_t>(ids_.size()), count});
    if (slice.path != nullptr) {
      *slice.path = path;
      keeps_ = true;
    }
    add(slice, count, std::move(path));
  }
  tokens = to_device(ids_, model.device());
  positions = to_device(rows_.position, model.device());
  if (needed_index_.size() < ids_.size()) needed = to_device(needed_index_, model.device());
  show_to(tap);
}

void PackedPass::add(const TextSlice& slice, std::int64_t count, KvPath path) {
  const auto begin = static_cast<std::int64_t>(ids_.size());
  const auto own = slice.tokens.last(static_cast<std::size_t>(count));
  const std::int64_t first = path.tokens() - count;
  for (std::int64_t i = 0; i < count; ++i) {
    ids_.push_back(own[static_cast<std::size_t>(i)]);
    rows_.text.push_back(slice.text);
    rows_.position.push_back(first + i);
    rows_.prompt_last.push_back(slice.prompt - 1);
    if (i < count - slice.needed) continue;
    needed_index_.push_back(begin + i);
    needed_rows_.text.push_back(slice.text);
    needed_rows_.position.push_back(first + i);
    needed_rows_.prompt_last.push_back(slice.prompt - 1);
  }
  const auto needed_end = static_cast<std::int64_t>(needed_index_.size());
  rows_.last.push_back(begin + count - 1);
  needed_rows_.last.push_back(needed_end - 1);
  extents_.push_back(
      {begin, count, needed_end - slice.needed, slice.needed, std::move(path), goes_on(slice)});
}

at::Tensor PackedPass::attend(std::int64_t layer, const AttentionConfig& attention,
                              const at::Tensor& queries, const at::Tensor& keys,
                              const at::Tensor& values) {
  const bool all_rows = queries.size(0) == keys.size(0);
  hold(layer, keys.contiguous(), values.contiguous());
  const bool in_place = kind_ == PassKind::fast && queries.is_cpu();
  at::Tensor result = in_place ? attend_in_place(layer, attention, queries.contiguous(), all_rows)
                               : attend_plainly(layer, attention, queries, all_rows);
  if (!keeps_) (*block_)[static_cast<std::size_t>(layer)] = {};
  return result;
}

void PackedPass::hold(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values) {
  (*block_)[static_cast<std::size_t>(layer)] = {keys, values};
  for (const Extent& extent : extents_) {
    if (extent.goes_on) extent.path.write(layer, keys, values, extent.begin);
  }
}

at::Tensor PackedPass::attend_plainly(std::int64_t layer, const AttentionConfig& attention,
                                      const at::Tensor& queries, bool all_rows) const {
  at::Tensor result =
      at::empty({queries.size(0), queries.size(1) * queries.size(2)}, queries.options());
  const auto attend_range = [&](std::int64_t begin, std::int64_t end) {
    const c10::InferenceMode guard;
    for (std::int64_t i = begin; i < end; ++i) {
      const Extent& extent = extents_[static_cast<std::size_t>(i)];
      const std::int64_t row = all_rows ? extent.begin : extent.needed_begin;
      const std::int64_t count = all_rows ? extent.count : extent.needed;
      result.narrow(0, row, count)
          .copy_(attend_one(layer, attention, extent, queries.narrow(0, row, count)));
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
                                  const Extent& extent, const at::Tensor& queries) {
  std::vector<at::Tensor> keys, values;
  for (const KvRun& run : extent.path.runs()) {
    const KeysValues& held = (*run.block)[static_cast<std::size_t>(layer)];
    keys.push_back(held.keys.narrow(0, run.begin, run.count));
    values.push_back(held.values.narrow(0, run.begin, run.count));
  }
  const auto joined = [](const std::vector<at::Tensor>& parts) {
    return (parts.size() == 1 ? parts.front() : at::cat(parts)).transpose(0, 1);
  };
  const at::Tensor attended =
      causal_attention(attention, queries.transpose(0, 1), joined(keys), joined(values));
  return attended.transpose(0, 1).reshape({queries.size(0), -1});
}

at::Tensor PackedPass::attend_in_place(std::int64_t layer, const AttentionConfig& attention,
                                       const at::Tensor& queries, bool all_rows) const {
  at::Tensor result =
      at::empty({queries.size(0), queries.size(1) * queries.size(2)}, queries.options());
  const std::int64_t kv_heads = model_.config().kv_heads;
  std::vector<std::vector<KeyRun>> runs;
  std::vector<RunAttention> of_text;
  std::vector<std::pair<std::size_t, AttentionBlock>> blocks;
  std::int64_t products = 0;
  for (const Extent& extent : extents_) {
    const std::int64_t row = all_rows ? extent.begin : extent.needed_begin;
    const std::int64_t count = all_rows ? extent.count : extent.needed;
    runs.push_back(key_runs(layer, extent));
    of_text.push_back({queries.scalar_type(), row_of(queries, row), row_of(result, row), count,
                       runs.back(), queries.size(1), kv_heads, queries.size(2), attention.window,
                       static_cast<float>(attention.scale), static_cast<float>(attention.softcap)});
    for (std::int64_t first = 0; first < count; first += attention_block_queries) {
      const std::int64_t asked = std::min(attention_block_queries, count - first);
      for (std::int64_t head = 0; head < kv_heads; ++head) {
        blocks.push_back({of_text.size() - 1, {head, first, asked}});
      }
    }
    products += count * extent.path.tokens() * queries.size(1);
  }
  // Blocks differ in how much they see, so threads take one after the other.
  std::atomic<std::size_t> next = 0;
  const std::int64_t threads = products < fewest_for_threads ? 1 : at::get_num_threads();
  at::parallel_for(0, threads, 1, [&](std::int64_t, std::int64_t) {
    for (std::size_t i = next++; i < blocks.size(); i = next++) {
      attend_runs(of_text[blocks[i].first], blocks[i].second);
    }
  });
  return result;
}

std::vector<KeyRun> PackedPass::key_runs(std::int64_t layer, const Extent& extent) {
  std::vector<KeyRun> runs;
  for (const KvRun& run : extent.path.runs()) {
    const auto& [keys, values] = (*run.block)[static_cast<std::size_t>(layer)];
    runs.push_back({row_of(keys, run.begin), row_of(values, run.begin), run.count});
  }
  return runs;
}

bool PackedPass::sees(Site site, std::int64_t layer) const {
  return tap_ != nullptr && tap_->wants(site, layer);
}

void PackedPass::at_site(Site site, std::int64_t layer, at::Tensor& activations) {
  if (!sees(site, layer)) return;
  const bool all_rows = activations.size(0) == static_cast<std::int64_t>(rows_.text.size());
  tap_->visit(site, layer, all_rows ? rows_ : needed_rows_, activations);
}

void PackedPass::show_to(Tap* tap) {
  tap_ = tap;
  if (tap != nullptr) tap->begin_pass();
}

void put_alike_together(std::vector<TextSlice>& slices) {
  std::ranges::stable_sort(slices, [](const TextSlice& a, const TextSlice& b) {
    return std::ranges::lexicographical_compare(a.tokens, b.tokens);
  });
}

std::vector<std::vector<TextSlice>> cut_into_passes(std::vector<TextSlice> slices, PassKind kind,
                                                    std::int64_t budget) {
  if (kind == PassKind::fast) put_alike_together(slices);
  std::vector<std::vector<TextSlice>> passes;
  std::int64_t tokens = 0;
  for (TextSlice& slice : slices) {
    const TextSlice* const before = passes.empty() ? nullptr : &passes.back().back();
    tokens += computed_tokens(before, slice, kind);
    if (before == nullptr || tokens > budget) {
      passes.emplace_back();
      tokens = computed_tokens(nullptr, slice, kind);
    }
    passes.back().push_back(std::move(slice));
  }
  return passes;
}

namespace {

/// Shows another tap, without letting it edit, what it will visit in the next pass.
class Observation : public Tap {
 public:
  explicit Observation(Tap& observer) : observer_(observer) {}

  void begin_pass() override { observer_.begin_pass(); }
  bool wants(Site site, std::int64_t layer) const override { return observer_.wants(site, layer); }
  void visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) override {
    observer_.observe(site, layer, rows, activations);
  }

 private:
  Tap& observer_;
};

}  // namespace

void run_clean_pass(const Decoder& model, std::span<const TextSlice> slices, PassKind kind,
                    Tap* tap) {
  if (tap == nullptr || !tap->wants_clean_pass()) return;
  std::vector<TextSlice> prompts;
  for (const TextSlice& slice : slices) {
    if (slice.prompt == 0) continue;
    const auto tokens = slice.tokens.first(static_cast<std::size_t>(slice.prompt));
    prompts.push_back({slice.text, tokens, slice.prompt});
  }
  if (prompts.empty()) return;
  Observation observation(*tap);
  PackedPass pass(prompts, kind, &observation, model);
  model.forward(pass);
}

}  // namespace austeer
