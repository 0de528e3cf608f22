#pragma once
// On which device each layer of a model computes, and which layers' weights wait on the CPU and are
// copied over for each pass.

#include <ATen/ATen.h>
#include <cstdint>
#include <string>
#include <vector>

#include "models/config.hpp"

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

}  // namespace austeer
