#pragma once
// Keys and values of the tokens that a decoder has already seen. They lie in blocks: the rows of
// one pass, or some dozens of new tokens of one text. A text is a path through such blocks, so
// texts that begin alike share the blocks of their beginning. A block is freed with the last path
// that leads through it.

#include <ATen/ATen.h>
#include <cstdint>
#include <memory>
#include <vector>

namespace austeer {

/// What one layer holds of some tokens: [tokens, kv_heads, head_dim] each, contiguous.
struct KeysValues {
  at::Tensor keys;
  at::Tensor values;
};

/// [layer]; undefined where a pass has not come yet.
using KvBlock = std::vector<KeysValues>;

/// Consecutive tokens of one text: the rows [begin, begin + count) of a block.
struct KvRun {
  std::shared_ptr<KvBlock> block;
  std::int64_t begin = 0;
  std::int64_t count = 0;
};

class KvPath {
 public:
  const std::vector<KvRun>& runs() const { return runs_; }
  std::int64_t tokens() const { return tokens_; }

  /// The path of the first `tokens` of these tokens.
  KvPath first(std::int64_t tokens) const;

  /// Leads on through `run`.
  void append(KvRun run);

  /// Leads on by one token, which write() will bring layer by layer, in blocks of its own.
  void grow(std::int64_t layers);

  /// Stores keys and values of the newest token, which grow() made: row `row` of `keys` and
  /// `values` [rows, kv_heads, head_dim], contiguous. Different paths may be written from different
  /// threads.
  void write(std::int64_t layer, const at::Tensor& keys, const at::Tensor& values,
             std::int64_t row) const;

 private:
  std::vector<KvRun> runs_;
  std::int64_t tokens_ = 0;
  bool grows_ = false;  ///< the last run is the path's own
};

}  // namespace austeer
