#include "models/read_ahead.hpp"

#include <algorithm>
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

}  // namespace austeer
