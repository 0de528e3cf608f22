#include "models/placement.hpp"

#include <ATen/DeviceAccelerator.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>
#include <cstdint>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <new>
#include <numeric>
#include <optional>
#include <stop_token>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "models/dtype.hpp"
#include "models/families.hpp"
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

/// Some files are stored in float16 though their family's activations overflow it.
at::ScalarType stored_half(const DecoderConfig& config) {
  const bool half =
      config.stored_dtype == "float16" && !family_of(config.model_type).overflows_float16;
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

namespace {

constexpr std::uintptr_t piece = std::uintptr_t{16} << 20;

/// Asks for the piece after next and waits for the next one: the disk always has work. Advice that
/// the kernel does not know or cannot follow leaves the pages to be read when they are used.
void read_pages(std::stop_token stop, std::uintptr_t begin, std::uintptr_t end) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto advise = [&](std::uintptr_t first, std::uintptr_t last, int advice) {
    if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, advice);
  };
  begin -= begin % page;
  advise(begin, std::min(begin + piece, end), MADV_WILLNEED);
  for (; begin < end && !stop.stop_requested(); begin += piece) {
    const std::uintptr_t next = std::min(begin + piece, end);
    advise(next, std::min(next + piece, end), MADV_WILLNEED);
#ifdef MADV_POPULATE_READ
    advise(begin, next, MADV_POPULATE_READ);
#endif
  }
}

}  // namespace

ReadAhead::ReadAhead(std::vector<at::Tensor> tensors) {
  std::erase_if(tensors, [](const at::Tensor& tensor) { return !tensor.is_cpu(); });
  std::int64_t bytes = 0;
  for (const at::Tensor& tensor : tensors) bytes += static_cast<std::int64_t>(tensor.nbytes());
  if (bytes == 0 || bytes > available_memory()) return;
  thread_ = std::jthread([tensors = std::move(tensors)](std::stop_token stop) {
    for (const at::Tensor& tensor : tensors) {
      const auto begin = reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr());
      read_pages(stop, begin, begin + tensor.nbytes());
    }
  });
}

namespace {

/// A layer like `layer` whose tensors on `device` are yet to be filled.
DecoderLayer empty_like(const DecoderLayer& layer, at::Device device) {
  DecoderLayer result = layer;
  result.transform([&](const at::Tensor& tensor) {
    return at::empty_like(tensor, tensor.options().device(device));
  });
  return result;
}

void copy_tensors(const DecoderLayer& from, const DecoderLayer& to) {
  const std::vector<at::Tensor> sources = from.tensors();
  const std::vector<at::Tensor> targets = to.tensors();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    targets[i].copy_(sources[i], /*non_blocking=*/true);
  }
}

/// Copies in a stream of its own, so that `device` computes meanwhile, and waits for the end.
void copy_beside(const DecoderLayer& from, const DecoderLayer& to, at::Device device) {
  const c10::InferenceMode guard;
  if (device.is_cpu()) return copy_tensors(from, to);
  const c10::impl::VirtualGuardImpl devices(device.type());
  const at::Device device_before = devices.exchangeDevice(device);
  const c10::Stream own = devices.getStreamFromGlobalPool(device);
  const c10::Stream stream_before = devices.exchangeStream(own);
  copy_tensors(from, to);
  devices.synchronizeStream(own);
  devices.exchangeStream(stream_before);
  devices.setDevice(device_before);
}

void wait_for_computing(at::Device device) {
  if (device.is_cpu()) return;
  const c10::impl::VirtualGuardImpl devices(device.type());
  devices.synchronizeStream(devices.getStream(device));
}

}  // namespace

LayerStream::LayerStream(const std::vector<DecoderLayer>& layers, const Placement& placement,
                         std::int64_t first, std::int64_t end)
    : layers_(layers), placement_(placement), end_(static_cast<std::size_t>(end)) {
  prefetch(static_cast<std::size_t>(first));
}

const DecoderLayer& LayerStream::layer(std::int64_t index) {
  const auto i = static_cast<std::size_t>(index);
  if (!placement_.streamed[i]) return layers_[i];
  arrival_.get();
  std::swap(current_, next_);
  prefetch(i + 1);
  return *current_;
}

void LayerStream::prefetch(std::size_t first) {
  for (std::size_t i = first; i < end_; ++i) {
    if (!placement_.streamed[i]) continue;
    const at::Device device = placement_.devices[i];
    // The memory that the new layer gets may be what earlier work still computes with, which a copy
    // in another stream does not wait for.
    wait_for_computing(device);
    next_.reset();
    next_ = empty_like(layers_[i], device);
    arrival_ = std::async(std::launch::async, copy_beside, std::cref(layers_[i]), std::cref(*next_),
                          device);
    return;
  }
}

namespace {

constexpr const char* hint =
    "A smaller --batch-tokens, another --dtype or --offload needs less memory";

/// The CPU's allocator has no type of its own for it.
bool is_of_memory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         std::string(error.what_without_backtrace()).find("allocate memory") != std::string::npos;
}

}  // namespace

void rethrow_memory_error() {
  try {
    throw;
  } catch (const c10::Error& error) {
    if (!is_of_memory(error)) throw;
    const std::string what = error.what_without_backtrace();
    throw OutOfMemoryError({what.substr(0, what.find('\n')), "", "", hint});
  } catch (const std::bad_alloc& error) {
    throw OutOfMemoryError({error.what(), "", "", hint});
  }
}

}  // namespace austeer
