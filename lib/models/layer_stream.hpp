#pragma once
// The layers of a model in the order of one pass. Those that are streamed come to their device just
// in time: while one computes, the next is copied; mapped weights are read ahead of the first pass.

#include <ATen/ATen.h>
#include <cstdint>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "models/decoder_layer.hpp"
#include "models/placement.hpp"

namespace austeer {

// Reads mapped weights into memory in the background, in the order in which a pass will meet them,
// so that the first pass computes while the disk reads instead of waiting page by page.

class ReadAhead {
 public:
  /// Starts on the CPU's tensors among `tensors`. What is in memory already costs next to nothing;
  /// when all of them together exceed the memory that is free, nothing is read, since later pages
  /// would push out earlier ones.
  explicit ReadAhead(std::vector<at::Tensor> tensors);

 private:
  std::jthread thread_;  // ends early when this is destroyed
};

class LayerStream {
 public:
  /// The layers [first, end). Both `layers`, which are all, and `placement` must outlive this.
  LayerStream(const std::vector<DecoderLayer>& layers, const Placement& placement,
              std::int64_t first, std::int64_t end);

  /// Layer `index` on its device, valid until the next call. Layers are asked for in order, once
  /// each. Throws what the copy threw, out of memory for one.
  const DecoderLayer& layer(std::int64_t index);

 private:
  /// Starts to copy the next streamed layer from `first` on.
  void prefetch(std::size_t first);

  const std::vector<DecoderLayer>& layers_;
  const Placement& placement_;
  std::size_t end_;
  std::optional<DecoderLayer> current_;
  std::optional<DecoderLayer> next_;  // the streamed layer that comes next, if there is one
  std::future<void> arrival_;         // of next_; after it, so that its copy ends first
};

}  // namespace austeer
