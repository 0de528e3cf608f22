#include "models/placement.hpp"

#include <ATen/DeviceAccelerator.h>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>
#include <optional>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "models/dtype.hpp"
#include "models/linear.hpp"

namespace austeer {

namespace {

/// What a device keeps free of weights.
std::int64_t reserve(std::int64_t bytes) { return std::max(std::int64_t{512} << 20, bytes / 10); }

/// Consecutive layers, each device filled up to `share` of its usable room; nothing when they do
/// not fit. The embedding lies with the first layer, the unembedding with the last, where a tied
/// one is a copy unless it is the first layer's device too.
std::optional<std::vector<at::Device>> fill(const WeightBytes& weights,
                                            const std::vector<DeviceRoom>& rooms, double share) {
  std::vector<at::Device> devices;
  std::size_t at = 0;
  std::int64_t used = weights.embedding;
  const auto fits = [&](std::int64_t more) {
    return static_cast<double>(used + more) <= share * static_cast<double>(usable_bytes(rooms[at]));
  };
  for (const std::int64_t bytes : weights.layers) {
    while (!fits(bytes)) {
      if (++at == rooms.size()) return std::nullopt;
      used = devices.empty() ? weights.embedding : 0;
    }
    used += bytes;
    devices.push_back(rooms[at].device);
  }
  const bool copied = weights.unembedding == 0 && devices.front() != devices.back();
  if (!fits(copied ? weights.embedding : weights.unembedding)) return std::nullopt;
  return devices;
}

Placement streamed_placement(const WeightBytes& weights, const DeviceRoom& room) {
  const std::int64_t largest = *std::ranges::max_element(weights.layers);
  // One layer computes while the next arrives.
  const std::int64_t fixed = weights.embedding + weights.unembedding + 2 * largest;
  if (fixed > usable_bytes(room)) refuse_placement(weights, {room}, true);
  const auto layers = static_cast<std::int64_t>(weights.layers.size());
  const std::int64_t resident = std::min(layers, (usable_bytes(room) - fixed) / largest);
  const std::int64_t streamed = layers - resident;
  Placement placement = on_one_device(room.device, layers);
  for (std::int64_t i = 0; i < layers; ++i) {
    placement.streamed[static_cast<std::size_t>(i)] =
        (i + 1) * streamed / layers > i * streamed / layers;
  }
  return placement;
}

}  // namespace

Placement on_one_device(at::Device device, std::int64_t layers) {
  const auto count = static_cast<std::size_t>(layers);
  return {std::vector<at::Device>(count, device), std::vector<bool>(count, false)};
}

std::int64_t WeightBytes::total() const {
  return std::accumulate(layers.begin(), layers.end(), embedding + unembedding);
}

WeightBytes weight_bytes(const DecoderConfig& config, double in_layers, double in_embeddings) {
  const auto bytes = [](std::int64_t count, double each) {
    return static_cast<std::int64_t>(static_cast<double>(count) * each);
  };
  const std::int64_t embedding = bytes(config.vocabulary * config.width, in_embeddings);
  WeightBytes result{embedding, config.tied_embeddings ? 0 : embedding, {}};
  for (std::int64_t i = 0; i < config.layers; ++i) {
    result.layers.push_back(bytes(config.layer_parameters(i), in_layers));
  }
  return result;
}

std::int64_t usable_bytes(const DeviceRoom& room) {
  return std::max<std::int64_t>(0, room.bytes - reserve(room.bytes));
}

void refuse_placement(const WeightBytes& weights, const std::vector<DeviceRoom>& rooms,
                      bool offload) {
  std::vector<std::string> names;
  std::int64_t room = 0;
  for (const DeviceRoom& each : rooms) {
    names.push_back(each.device.str());
    room += usable_bytes(each);
  }
  std::string hint = "What may fit: --dtype of the checkpoint, a checkpoint in 4 bits";
  if (!rooms.front().device.is_cpu()) {
    hint += offload ? ", a larger device" : ", more devices (--device cuda:0,cuda:1), --offload";
  }
  throw ComputeError(
      ErrorParts{fmt::format("[model] the weights do not fit on {}", fmt::join(names, ", ")),
                 fmt::format("at most {} beside activations, keys and values", human_bytes(room)),
                 human_bytes(weights.total()), hint});
}

Placement place_layers(const WeightBytes& weights, const std::vector<DeviceRoom>& rooms,
                       bool offload) {
  std::int64_t room = 0;
  for (const DeviceRoom& each : rooms) room += usable_bytes(each);
  // The even share first; a larger one where whole layers do not come out evenly.
  const double even =
      static_cast<double>(weights.total()) / static_cast<double>(std::max<std::int64_t>(room, 1));
  for (double share = even; share < 1.02; share += 0.02) {
    if (auto devices = fill(weights, rooms, std::min(share, 1.0))) {
      const std::size_t count = devices->size();
      return {*std::move(devices), std::vector<bool>(count, false)};
    }
  }
  if (!offload || rooms.size() > 1) refuse_placement(weights, rooms, offload);
  return streamed_placement(weights, rooms.front());
}

std::int64_t free_bytes(at::Device device) {
  if (device.is_cpu()) return available_memory();
  const auto index = device.has_index() ? device.index() : at::accelerator::getDeviceIndex();
  return static_cast<std::int64_t>(at::accelerator::getMemoryInfo(index).first);
}

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
