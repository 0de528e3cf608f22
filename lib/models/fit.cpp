#include "models/fit.hpp"

#include "base/error.hpp"
#include "models/dtype.hpp"
#include "models/linear.hpp"

namespace austeer {
namespace {

at::ScalarType stored_half(const DecoderConfig& config) {
  return config.stored_dtype == "float16" ? at::kHalf : at::kBFloat16;
}

/// The formats to try, the preferred one first.
std::vector<at::ScalarType> candidates(const DecoderConfig& config, const ModelOptions& options) {
  if (options.dtype) return {*options.dtype};
  if (!options.devices.front().is_cpu()) return {stored_half(config)};
  if (cpu_multiplies(at::kBFloat16)) return {at::kBFloat16};
  return {at::kFloat, stored_half(config)};
}

WeightBytes bytes_in(const DecoderConfig& config, at::ScalarType dtype) {
  const auto size = static_cast<double>(at::elementSize(dtype));
  return weight_bytes(config, config.four_bit ? four_bit_bytes : size, size);
}

/// What of the weights is a copy in the CPU's memory.
std::int64_t copied_bytes(const DecoderConfig& config, Storage storage, at::ScalarType dtype,
                          const WeightBytes& weights) {
  if (config.four_bit) return 0;
  return storage == Storage::mapped && dtype_name(dtype) == config.stored_dtype ? 0
                                                                                : weights.total();
}

}  // namespace

Fit fit_model(const DecoderConfig& config, Storage storage, const ModelOptions& options,
              const std::vector<DeviceRoom>& rooms) {
  const std::vector<at::ScalarType> dtypes = candidates(config, options);
  if (!rooms.front().device.is_cpu()) {
    const WeightBytes weights = bytes_in(config, dtypes.front());
    return {dtypes.front(), place_layers(weights, rooms, options.offload), weights};
  }
  for (const at::ScalarType dtype : dtypes) {
    const WeightBytes weights = bytes_in(config, dtype);
    const std::int64_t copied = copied_bytes(config, storage, dtype, weights);
    if (copied <= usable_bytes(rooms.front())) {
      return {dtype, on_one_device(rooms.front().device, config.layers), weights};
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
