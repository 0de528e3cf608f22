#include "tensors/packed_matrix.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>

namespace austeer {

void fill_in_pieces(const at::Tensor& out, std::int64_t granularity, const WriteFloats& write) {
  constexpr std::int64_t piece_elements = 1 << 15;  // 128 KiB of floats, which caches hold
  const std::int64_t piece = std::max<std::int64_t>(1, piece_elements / granularity);
  const at::Tensor flat = out.view(-1);
  const bool direct = out.scalar_type() == at::kFloat;
  at::parallel_for(0, flat.numel() / granularity, piece, [&](std::int64_t begin, std::int64_t end) {
    const c10::InferenceMode guard;  // a thread's own setting
    const at::Tensor buffer =
        direct ? at::Tensor() : at::empty({std::min(piece, end - begin) * granularity}, at::kFloat);
    for (; begin < end; begin += piece) {
      const std::int64_t count = std::min(piece, end - begin) * granularity;
      const at::Tensor target = flat.narrow(0, begin * granularity, count);
      const at::Tensor floats = direct ? target : buffer.narrow(0, 0, count);
      write(begin * granularity, count, floats.data_ptr<float>());
      if (!direct) target.copy_(floats);
    }
  });
}

}  // namespace austeer
