#include "models/linear.hpp"

#include <ATen/Parallel.h>
#include <ATen/cpu/Utils.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.hpp"
#include "kernels/row_product.hpp"
#include "tensors/nf4.hpp"

namespace austeer {

namespace {

// From this many rows on, libtorch's product of large matrices is the faster one.
constexpr std::int64_t fewest_rows_for_library = 128;

// From this many rows on, widening a weight once pays.
constexpr std::int64_t fewest_rows_for_widening = 7;

// Elements of a block of rows. For few rows the block, as float32, should stay in a core's own
// cache; the library packs its operands for every block, which large blocks make up for.
constexpr std::int64_t small_block = std::int64_t{1} << 16;
constexpr std::int64_t large_block = std::int64_t{1} << 20;

// Rows of the weight that multiply_rows takes at a time.
constexpr std::int64_t tile = 4;

// Multiply-adds below which a second thread costs more than it helps.
constexpr std::int64_t fewest_for_thread = std::int64_t{1} << 16;

// Elements of a block on other devices, where each block is a few launches.
constexpr std::int64_t device_block = std::int64_t{1} << 24;

bool few(std::int64_t rows) { return rows < fewest_rows_for_library && multiplies_rows(); }

std::int64_t out_of(const Linear& linear) {
  return linear.packed ? linear.packed->rows() : linear.weight.size(0);
}

at::Tensor part_of(const at::Tensor& tensor, std::int64_t first, std::int64_t count) {
  return tensor.defined() ? tensor.narrow(0, first, count) : at::Tensor();
}

/// The calling thread's buffer, of at least `count` floats; its content is whatever was there.
float* scratch(std::int64_t count) {
  static thread_local std::vector<float> buffer;
  if (buffer.size() < static_cast<std::size_t>(count)) buffer.resize(count);
  return buffer.data();
}

/// Writes rows of a weight to `out`, of their sizes and any dtype.
void copy_rows(const at::Tensor& rows, at::Tensor& out) {
  const bool plain = out.scalar_type() == at::kFloat && rows.is_contiguous() && multiplies_rows();
  if (plain && rows.scalar_type() == at::kBFloat16) {
    widen(rows.const_data_ptr<c10::BFloat16>(), rows.numel(), out.data_ptr<float>());
  } else if (plain && rows.scalar_type() == at::kHalf) {
    widen(rows.const_data_ptr<c10::Half>(), rows.numel(), out.data_ptr<float>());
  } else {
    out.copy_(rows);
  }
}

/// Rounds float32 numbers, which stay so, to those that `dtype` has.
void round_to(at::ScalarType dtype, at::Tensor& values) {
  if (multiplies_rows() && dtype == at::kBFloat16) {
    round_to_bfloat16(values.data_ptr<float>(), values.numel());
  } else if (multiplies_rows() && dtype == at::kHalf) {
    round_to_half(values.data_ptr<float>(), values.numel());
  } else {
    values.copy_(values.to(dtype));
  }
}

/// The rows [first, first + count) of the weight, rounded to `rounded` and then in `dtype`, which
/// is the same or float32; in the calling thread's buffer unless they lie there as they are.
at::Tensor rows_of(const Linear& linear, std::int64_t first, std::int64_t count,
                   at::ScalarType rounded, at::ScalarType dtype) {
  const bool is_rounded = !linear.packed && linear.weight.scalar_type() == rounded;
  if (is_rounded && rounded == dtype) return linear.weight.narrow(0, first, count);
  const std::int64_t in = linear.packed ? linear.packed->columns() : linear.weight.size(1);
  at::Tensor out = at::from_blob(scratch(count * in), {count, in}, dtype);
  if (linear.packed) {
    linear.packed->unpack(first, count, out);
  } else {
    copy_rows(linear.weight.narrow(0, first, count), out);
  }
  if (!is_rounded && rounded != dtype) round_to(rounded, out);
  return out;
}

/// The operands of a product of few rows with a weight in their dtype, both contiguous.
struct FewRows {
  const at::Tensor& x;  // float32
  const at::Tensor& weight;
  at::Tensor& y;

  std::int64_t rows() const { return x.size(0); }
  std::int64_t in() const { return x.size(1); }

  /// With rows [first, first + count) of the weight, given as `Weight` at `own`.
  template <typename Weight>
  void multiply(const Weight* own, std::int64_t first, std::int64_t count) const {
    multiply_rows(RowProduct<Weight>{x.const_data_ptr<float>(), rows(), own, count, in(),
                                     y.data_ptr<float>() + first, y.size(1)});
  }

  /// The same where they lie. A weight in half precision that many rows meet is widened once for
  /// all of them, in a buffer.
  template <typename Weight>
  void multiply_part(std::int64_t first, std::int64_t count) const {
    const Weight* const own = weight.const_data_ptr<Weight>() + first * in();
    if (std::is_same_v<Weight, float> || rows() < fewest_rows_for_widening) {
      return multiply(own, first, count);
    }
    const std::int64_t most = std::max<std::int64_t>(1, small_block / (tile * in())) * tile;
    for (std::int64_t done = 0; done < count; done += most) {
      const std::int64_t some = std::min(most, count - done);
      float* const wide = scratch(some * in());
      widen(own + done * in(), some * in(), wide);
      multiply(wide, first + done, some);
    }
  }
};

/// Without a tensor for each block: decoding comes here two hundred times a token.
at::Tensor multiply_few(const at::Tensor& x, const Linear& linear) {
  const std::int64_t out = linear.weight.size(0);
  const at::Tensor rows = x.to(at::kFloat).contiguous();
  at::Tensor y = at::empty({x.size(0), out}, rows.options());
  const FewRows product{rows, linear.weight, y};
  const std::int64_t grain = 1 + fewest_for_thread / (tile * x.numel());
  at::parallel_for(0, (out + tile - 1) / tile, grain, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t first = begin * tile;
    const std::int64_t count = std::min(end * tile, out) - first;
    switch (x.scalar_type()) {
      case at::kBFloat16:
        return product.multiply_part<c10::BFloat16>(first, count);
      case at::kHalf:
        return product.multiply_part<c10::Half>(first, count);
      default:
        return product.multiply_part<float>(first, count);
    }
  });
  if (linear.bias.defined()) y.add_(linear.bias);
  return y.to(x.scalar_type());
}

/// y [rows, count] = x W^T + b for a block of the weight's rows.
void multiply_block(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    at::Tensor& y) {
  if (x.scalar_type() == at::kFloat && weight.is_contiguous() && few(x.size(0))) {
    multiply_rows(RowProduct<float>{x.const_data_ptr<float>(), x.size(0),
                                    weight.const_data_ptr<float>(), weight.size(0), weight.size(1),
                                    y.data_ptr<float>(), y.stride(0)});
    if (bias.defined()) y.add_(bias);
  } else if (bias.defined()) {
    at::addmm_out(y, bias, x, weight.t());
  } else {
    at::mm_out(y, x, weight.t());
  }
}

/// The product block of rows by block of rows, each on one thread. Taken in `dtype`.
at::Tensor blockwise(const at::Tensor& x, const Linear& linear, at::ScalarType dtype) {
  const std::int64_t out = out_of(linear);
  const at::Tensor same = x.to(dtype).contiguous();
  const at::Tensor bias = linear.bias.defined() ? linear.bias.to(dtype) : at::Tensor();
  at::Tensor y = at::empty({x.size(0), out}, same.options());

  const std::int64_t most = (few(x.size(0)) ? small_block : large_block) / x.size(1);
  const std::int64_t share = (out + at::get_num_threads() - 1) / at::get_num_threads();
  const std::int64_t block = std::max(tile, std::min(most, share) / tile * tile);
  const std::int64_t grain = 1 + fewest_for_thread / (block * x.numel());
  at::parallel_for(0, (out + block - 1) / block, grain, [&](std::int64_t begin, std::int64_t end) {
    const c10::InferenceMode guard;  // a thread's own setting; the caller's holds for its thread
    for (std::int64_t first = begin * block; first < std::min(end * block, out); first += block) {
      const std::int64_t count = std::min(block, out - first);
      at::Tensor columns = y.narrow(1, first, count);
      multiply_block(same, rows_of(linear, first, count, x.scalar_type(), dtype),
                     part_of(bias, first, count), columns);
    }
  });
  return y.to(x.scalar_type());
}

/// The product with a packed weight on a device whose allocator keeps the buffers.
at::Tensor unpacked_on_device(const at::Tensor& x, const Linear& linear) {
  const std::int64_t out = out_of(linear);
  const std::int64_t block = std::max<std::int64_t>(1, device_block / linear.packed->columns());
  at::Tensor y = at::empty({x.size(0), out}, x.options());
  at::Tensor buffer = at::empty({std::min(block, out), linear.packed->columns()}, x.options());
  for (std::int64_t first = 0; first < out; first += block) {
    const std::int64_t count = std::min(block, out - first);
    at::Tensor weight = buffer.narrow(0, 0, count);
    linear.packed->unpack(first, count, weight);
    y.narrow(1, first, count).copy_(at::linear(x, weight, part_of(linear.bias, first, count)));
  }
  return y;
}

}  // namespace

bool cpu_multiplies(at::ScalarType dtype) {
  static const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [](const std::string& name) {
    const auto found = capabilities.find(name);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
  static const bool bfloat16 = has("avx512_bf16") || has("amx_bf16");
  static const bool half = has("avx512_fp16") || has("amx_fp16");
  return dtype == at::kBFloat16 ? bfloat16 : dtype == at::kHalf ? half : true;
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  if (!x.device().is_cpu()) {
    return packed ? unpacked_on_device(x, *this) : at::linear(x, weight, bias);
  }
  if (x.size(0) == 0) return at::empty({0, out_of(*this)}, x.options());
  const at::ScalarType dtype = x.scalar_type();
  const bool same = !packed && weight.scalar_type() == dtype;
  const bool by_rows = few(x.size(0)) && (dtype == at::kFloat || !cpu_multiplies(dtype));
  if (same && by_rows && weight.is_contiguous()) return multiply_few(x, *this);
  if (same && !by_rows && cpu_multiplies(dtype)) return at::linear(x, weight, bias);
  return blockwise(x, *this, few(x.size(0)) || !cpu_multiplies(dtype) ? at::kFloat : dtype);
}

void Linear::transform(const std::function<at::Tensor(const at::Tensor&)>& change) {
  if (weight.defined()) weight = change(weight);
  if (bias.defined()) bias = change(bias);
  if (packed == nullptr) return;
  std::vector<at::Tensor> parts = packed->parts();
  for (at::Tensor& part : parts) part = change(part);
  packed = packed->with_parts(std::move(parts));
}

namespace {

void check_shape(const Checkpoint& checkpoint, const std::string& name,
                 const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& found) {
  if (found == shape) return;
  throw FormatError({fmt::format("[model] {}: the tensor '{}' has a wrong shape",
                                 checkpoint.path().string(), name),
                     fmt::format("[{}]", fmt::join(shape, ", ")),
                     fmt::format("[{}]", fmt::join(found, ", ")),
                     "config.json and the weights do not belong together"});
}

void check_tensor(const Checkpoint& checkpoint, const std::string& name,
                  const std::vector<std::int64_t>& shape) {
  if (!checkpoint.has(name)) {
    throw FormatError(
        {fmt::format("[model] {}: the tensor '{}' is missing", checkpoint.path().string(), name),
         "", "", "The checkpoint is incomplete or of another model"});
  }
  check_shape(checkpoint, name, shape, checkpoint.shape(name));
}

}  // namespace

at::Tensor Weights::tensor(const std::string& name, const std::vector<std::int64_t>& shape) const {
  check_tensor(checkpoint_, name, shape);
  return checkpoint_.load(name, dtype_).to(device_);
}

Linear Weights::linear(const std::string& name, std::int64_t out, std::int64_t in,
                       bool bias) const {
  const at::Tensor added = bias ? tensor(name + ".bias", {out}) : at::Tensor();
  if (is_nf4(checkpoint_, name + ".weight")) {
    const auto packed = load_nf4(checkpoint_, name + ".weight");
    check_shape(checkpoint_, name + ".weight", {out, in}, {packed->rows(), packed->columns()});
    Linear linear{{}, added, packed};
    linear.transform([&](const at::Tensor& part) { return part.to(device_); });
    return linear;
  }
  return {tensor(name + ".weight", {out, in}), added};
}

at::Tensor Weights::norm(const std::string& name, std::int64_t width, bool offset) const {
  if (!offset) return tensor(name + ".weight", {width});
  check_tensor(checkpoint_, name + ".weight", {width});
  return checkpoint_.load(name + ".weight", at::kFloat).to(device_) + 1;
}

}  // namespace austeer
