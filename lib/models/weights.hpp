#pragma once
// A checkpoint's tensors as a model takes them: by Hugging Face name, checked against the shape
// that the configuration expects, in the model's dtype and on the device that they compute on.

#include <ATen/ATen.h>
#include <cstdint>
#include <string>
#include <vector>

#include "models/linear.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {

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
