#pragma once
// A weight that is kept in fewer bits than it is computed with. Whoever multiplies with it asks for
// some rows at a time, into a buffer of its own.

#include <ATen/ATen.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace austeer {

/// A matrix [rows, columns] on some device.
class PackedMatrix {
 public:
  virtual ~PackedMatrix() = default;

  virtual std::int64_t rows() const = 0;
  virtual std::int64_t columns() const = 0;

  /// Writes the rows [first, first + count) to `out`, [count, columns], contiguous, of any
  /// floating-point dtype, on this matrix's device. Values are rounded to the dtype once.
  virtual void unpack(std::int64_t first, std::int64_t count, at::Tensor& out) const = 0;

  /// The tensors that hold it, in a fixed order, all on one device.
  virtual std::vector<at::Tensor> parts() const = 0;

  /// The same matrix held by other tensors, alike in number, sizes and dtypes.
  virtual std::shared_ptr<const PackedMatrix> with_parts(std::vector<at::Tensor> parts) const = 0;
};

// Filling a tensor with numbers that are computed in float32, piece by piece on all threads.

/// Writes the elements [first, first + count) to `out`.
using WriteFloats = std::function<void(std::int64_t first, std::int64_t count, float* out)>;

/// Fills `out`, contiguous on the CPU and of any floating-point dtype, with what `write` gives,
/// rounded to the dtype once. Pieces start at multiples of `granularity` elements, of which `out`
/// has a whole number.
void fill_in_pieces(const at::Tensor& out, std::int64_t granularity, const WriteFloats& write);

}  // namespace austeer
