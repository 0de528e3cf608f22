#pragma once
// One forward pass over the packed rows of several texts: no padding token is ever computed.
// Linear layers see all rows at once, attention runs per text.

#include <ATen/ATen.h>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/kv_cache.hpp"
#include "engine/tap.hpp"
#include "models/decoder.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

/// Consecutive tokens of one text.
struct Slice {
  std::int64_t text;   ///< index into the engine's list of texts
  std::int64_t first;  ///< position of tokens[0]; what stands before is in the cache
  std::span<const TokenId> tokens;
  std::int64_t prompt;      ///< how many of the text's tokens are its prompt
  std::int64_t needed = 1;  ///< how many of the last tokens are needed after the last layer
};

class PackedPass : public Pass {
 public:
  /// `slices` in ascending order of text. `cache` may be null when every slice is a whole text that
  /// will not be continued; `tap` may be null.
  PackedPass(std::span<const Slice> slices, KvCache* cache, Tap* tap, at::Device device);

  at::Tensor attend(std::int64_t layer, const AttentionConfig& attention, const at::Tensor& queries,
                    const at::Tensor& keys, const at::Tensor& values) override;
  void at_site(Site site, std::int64_t layer, at::Tensor& activations) override;

 private:
  /// The packed rows [begin, begin + count) of one text; the last `needed` of them are the rows
  /// [needed_begin, needed_begin + needed) in the last layer.
  struct Extent {
    std::int64_t text;
    std::int64_t first;
    std::int64_t begin;
    std::int64_t count;
    std::int64_t needed_begin;
    std::int64_t needed;
  };

  /// Attention of text `extent` alone; `queries` are its last rows, all of them or fewer.
  at::Tensor attend_one(std::int64_t layer, const AttentionConfig& attention, const Extent& extent,
                        const at::Tensor& queries, const at::Tensor& keys,
                        const at::Tensor& values);

  /// Attention of a decode step, where each text has one new row.
  at::Tensor attend_tokens(std::int64_t layer, const AttentionConfig& attention,
                           const at::Tensor& queries, const at::Tensor& keys,
                           const at::Tensor& values);

  std::vector<Extent> extents_;
  bool decodes_ = true;  // each text goes on by one token
  Rows rows_;
  Rows needed_rows_;  // what is left of rows_ in the last layer
  KvCache* cache_;
  Tap* tap_;
};

}  // namespace austeer
