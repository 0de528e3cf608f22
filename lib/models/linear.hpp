#pragma once
// A linear layer, y = x W^T + b, computed the fastest way that the processor has for its dtype and
// for the number of rows.

#include <ATen/ATen.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensors/checkpoint.hpp"
#include "tensors/packed_matrix.hpp"

namespace austeer {

/// Weight [out, in], as it is or packed, and optional bias [out].
struct Linear {
  at::Tensor weight;  ///< undefined where `packed` is set
  at::Tensor bias;    ///< undefined where there is none
  std::shared_ptr<const PackedMatrix> packed = nullptr;

  /// x [rows, in] → [rows, out], in x's dtype.
  ///
  /// Multiplies with the weight rounded to x's dtype, for any number of rows and on any device. A
  /// weight that the CPU does not multiply as it is (packed, of another dtype than x, or bf16 and
  /// fp16 without matrix instructions for them) is rounded and widened block of rows by block of
  /// rows, in buffers that are kept. Products are then taken in float32 and rounded once: the same
  /// numbers but for the order of sums, since half-precision kernels accumulate in float32 too.
  at::Tensor operator()(const at::Tensor& x) const;

  /// Replaces each tensor that holds it by what `change` makes of it.
  void transform(const std::function<at::Tensor(const at::Tensor&)>& change);
};

/// Whether the CPU multiplies matrices of `dtype` natively (AVX512-BF16, AMX, AVX512-FP16).
bool cpu_multiplies(at::ScalarType dtype);

// A checkpoint's tensors as a model takes them: by Hugging Face name, checked against the shape
// that the configuration expects, in the model's dtype and on the device that they compute on.

class Weights {
 public:
  /// `checkpoint` must outlive this.
  Weights(const Checkpoint& checkpoint, at::ScalarType dtype, at::Device device)
      : checkpoint_(checkpoint), dtype_(dtype), device_(device) {}

  /// The tensor `name` of `shape`. Throws FormatError, naming the tensor and the file, when it is
  /// missing or of another shape.
  at::Tensor tensor(const std::string& name, const std::vector<std::int64_t>& shape) const;

  /// `name`.weight [out, in], which stays packed where it is stored so, and, with `bias`,
  /// `name`.bias [out].
  Linear linear(const std::string& name, std::int64_t out, std::int64_t in, bool bias) const;

  /// The weight of an RMS norm, `name`.weight [width]; with `offset`, 1 + weight in float32.
  at::Tensor norm(const std::string& name, std::int64_t width, bool offset) const;

 private:
  const Checkpoint& checkpoint_;
  at::ScalarType dtype_;
  at::Device device_;
};

}  // namespace austeer
