#include "models/fit.hpp"

#include "base/memory.hpp"
#include "models/dtype.hpp"
#include "models/linear.hpp"

namespace austeer {
namespace {

/// Gemma was made in bfloat16 and overflows float16, which some of its files are stored in.
at::ScalarType stored_half(const DecoderConfig& config) {
  const bool half = config.stored_dtype == "float16" && !config.model_type.starts_with("gemma");
  return half ? at::kHalf : at::kBFloat16;
}

/// The formats to try, the preferred one first.
std::vector<at::ScalarType> candidates(const DecoderConfig& config, const ModelOptions& options,
                                       bool multiplies_bfloat16) {
  if (options.dtype) return {*options.dtype};
  if (!options.devices.front().is_cpu()) return {stored_half(config)};
  return {multiplies_bfloat16 ? at::kBFloat16 : at::kFloat, stored_half(config)};
}

WeightBytes bytes_in(const DecoderConfig& config, at::ScalarType dtype) {
  const auto size = static_cast<double>(at::elementSize(dtype));
  return weight_bytes(config, config.four_bit ? four_bit_bytes : size, size);
}

/// What of weights on the CPU is a copy in its memory; the rest is mapped.
WeightBytes copied_bytes(const DecoderConfig& config, Storage storage, at::ScalarType dtype) {
  WeightBytes copied = bytes_in(config, dtype);
  const bool mapped = storage == Storage::mapped;
  const bool as_stored = mapped && dtype_name(dtype) == config.stored_dtype;
  if (as_stored) copied.embedding = copied.unembedding = 0;
  if (as_stored || (mapped && config.four_bit)) copied.layers.assign(copied.layers.size(), 0);
  return copied;
}

/// Streamed layers wait in the CPU's memory.
void check_streamed(const WeightBytes& copied, const Placement& placement) {
  WeightBytes waiting{0, 0, {}};
  for (std::size_t i = 0; i < placement.streamed.size(); ++i) {
    if (placement.streamed[i]) waiting.layers.push_back(copied.layers[i]);
  }
  const DeviceRoom room{at::kCPU, available_memory()};
  if (waiting.total() > usable_bytes(room)) refuse_placement(waiting, {room}, false);
}

}  // namespace

Fit fit_model(const DecoderConfig& config, Storage storage, const ModelOptions& options,
              const std::vector<DeviceRoom>& rooms, bool multiplies_bfloat16) {
  const std::vector<at::ScalarType> dtypes = candidates(config, options, multiplies_bfloat16);
  if (!rooms.front().device.is_cpu()) {
    const WeightBytes weights = bytes_in(config, dtypes.front());
    Placement placement = place_layers(weights, rooms, options.offload);
    check_streamed(copied_bytes(config, storage, dtypes.front()), placement);
    return {dtypes.front(), std::move(placement), weights};
  }
  for (const at::ScalarType dtype : dtypes) {
    if (copied_bytes(config, storage, dtype).total() <= usable_bytes(rooms.front())) {
      return {dtype, on_one_device(rooms.front().device, config.layers), bytes_in(config, dtype)};
    }
  }
  refuse_placement(bytes_in(config, dtypes.back()), rooms, options.offload);
}

std::vector<DeviceRoom> measure_rooms(const std::vector<at::Device>& devices) {
  std::vector<DeviceRoom> rooms;
  for (const at::Device& device : devices) rooms.push_back({device, free_bytes(device)});
  return rooms;
}

}  // namespace austeer
