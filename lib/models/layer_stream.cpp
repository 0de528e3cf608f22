#include "models/layer_stream.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <cstdint>
#include <stop_token>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.hpp"

namespace austeer {

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

}  // namespace austeer
