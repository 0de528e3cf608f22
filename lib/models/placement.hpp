#pragma once
// Where a model lies: which number format of its weights fits, on which device each layer computes,
// which layers wait on the CPU and are copied over for each pass, and what is thrown where memory
// runs out all the same.

#include <ATen/ATen.h>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "models/config.hpp"
#include "models/decoder_layer.hpp"
#include "models/linear.hpp"

namespace austeer {

struct Placement {
  /// One per layer. The embedding stands with the first layer, the final norm and the unembedding
  /// with the last.
  std::vector<at::Device> devices;
  /// One per layer: its weights stay on the CPU and are streamed, the next layer's while one
  /// computes.
  std::vector<bool> streamed;
};

/// Every layer on `device`.
Placement on_one_device(at::Device device, std::int64_t layers);

/// A device and the bytes that are free on it.
struct DeviceRoom {
  at::Device device;
  std::int64_t bytes = 0;
};

/// Bytes of a model's weights as they will lie in memory.
struct WeightBytes {
  std::int64_t embedding = 0;
  std::int64_t unembedding = 0;  ///< 0 when tied
  std::vector<std::int64_t> layers;
  std::int64_t total() const;
};

/// Bytes per number of a matrix in NF4, with a float32 scale for 64 numbers; less where scales are
/// quantised too.
inline constexpr double four_bit_bytes = 0.5 + 4.0 / 64;

/// The weights of `config` with so many bytes per number.
WeightBytes weight_bytes(const DecoderConfig& config, double in_layers, double in_embeddings);

/// What of a device's room may hold weights; the rest is for activations, keys and values.
std::int64_t usable_bytes(const DeviceRoom& room);

/// Throws the ComputeError that `weights` do not fit, with what would.
[[noreturn]] void refuse_placement(const WeightBytes& weights, const std::vector<DeviceRoom>& rooms,
                                   bool offload);

/// Gives consecutive layers to the devices in the order given, in proportion to their usable room.
/// With `offload` and one device, the layers that do not fit are streamed, spread over the depth so
/// that each copy has computing to hide behind. Throws ComputeError, saying what would fit, when
/// there is not room enough.
Placement place_layers(const WeightBytes& weights, const std::vector<DeviceRoom>& rooms,
                       bool offload);

/// The bytes that are free on `device`: as its allocator says, or of the CPU's memory.
std::int64_t free_bytes(at::Device device);

// Whether a model fits: the number format and the placement of its weights, chosen from what the
// user asked for and what memory there is, before any weight is read.

struct ModelOptions {
  /// One, or several that share the layers.
  std::vector<at::Device> devices = {at::kCPU};
  /// On one device that is no CPU: layers that do not fit stay in the CPU's memory and are copied
  /// over for each pass.
  bool offload = false;
  /// Unset: on the CPU bfloat16 where the processor multiplies it natively, else float32; where
  /// that does not fit, and on other devices, the half-precision type of the checkpoint.
  std::optional<at::ScalarType> dtype;
};

/// How the weights lie in their file.
enum class Storage {
  mapped,  ///< as they are multiplied, if the dtype is the stored one: they take no memory of ours
  packed,  ///< in a format that is unpacked as a whole into the dtype
};

/// How a model will lie in memory.
struct Fit {
  at::ScalarType dtype;
  Placement placement;
  WeightBytes weights;
};

/// `rooms` has what is free on each of `options.devices`. Throws ComputeError, saying what would
/// fit, when there is not room enough. `multiplies_bfloat16`: whether the processor does so
/// natively.
Fit fit_model(const DecoderConfig& config, Storage storage, const ModelOptions& options,
              const std::vector<DeviceRoom>& rooms,
              bool multiplies_bfloat16 = cpu_multiplies(at::kBFloat16));

/// What is free on each device now.
std::vector<DeviceRoom> measure_rooms(const std::vector<at::Device>& devices);

/// Reads mapped weights into memory in the background, in the order in which a pass will meet them,
/// so that the first pass computes while the disk reads instead of waiting page by page.
class ReadAhead {
 public:
  /// Starts on the CPU's tensors among `tensors`. What is in memory already costs next to nothing;
  /// when all of them together exceed the memory that is free, nothing is read, since later pages
  /// would push out earlier ones.
  explicit ReadAhead(std::vector<at::Tensor> tensors);

 private:
  std::jthread thread_;  // ends early when this is destroyed
};

/// The layers of a model in the order of one pass. Those that are streamed come to their device
/// just in time: while one computes, the next is copied.
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

// Memory that runs out where weights are read and passes run, as an error of this library.

/// Throws what is being handled again: as OutOfMemoryError where libtorch or the C++ library did
/// not get the memory that it asked for, else as it is. To be called in a handler.
[[noreturn]] void rethrow_memory_error();

/// Returns what `action` returns. Throws what it throws, but OutOfMemoryError where memory ran out.
template <typename Action>
auto with_memory_errors(const Action& action) {
  try {
    return action();
  } catch (...) {
    rethrow_memory_error();
  }
}

}  // namespace austeer
