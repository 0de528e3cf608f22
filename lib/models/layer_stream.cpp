#include "models/layer_stream.hpp"

#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace austeer {
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

}  // namespace austeer
