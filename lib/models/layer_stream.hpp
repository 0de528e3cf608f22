#pragma once
// The layers of a model in the order of one pass. Those that are streamed come to their device just
// in time: while one computes, the next is copied.

#include <cstdint>
#include <future>
#include <optional>
#include <vector>

#include "models/decoder_layer.hpp"
#include "models/placement.hpp"

namespace austeer {

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
