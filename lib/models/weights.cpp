#include "models/weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"

namespace austeer {
namespace {

void check_tensor(const Checkpoint& checkpoint, const std::string& name,
                  const std::vector<std::int64_t>& shape) {
  const std::string place = checkpoint.path().string();
  if (!checkpoint.has(name)) {
    throw FormatError({fmt::format("[model] {}: the tensor '{}' is missing", place, name), "", "",
                       "The checkpoint is incomplete or of another model"});
  }
  const std::vector<std::int64_t> found = checkpoint.shape(name);
  if (found == shape) return;
  throw FormatError({fmt::format("[model] {}: the tensor '{}' has a wrong shape", place, name),
                     fmt::format("[{}]", fmt::join(shape, ", ")),
                     fmt::format("[{}]", fmt::join(found, ", ")),
                     "config.json and the weights do not belong together"});
}

}  // namespace

at::Tensor Weights::tensor(const std::string& name, const std::vector<std::int64_t>& shape) const {
  check_tensor(checkpoint_, name, shape);
  return checkpoint_.load(name, dtype_).to(device_);
}

Linear Weights::linear(const std::string& name, std::int64_t out, std::int64_t in,
                       bool bias) const {
  return {tensor(name + ".weight", {out, in}), bias ? tensor(name + ".bias", {out}) : at::Tensor()};
}

at::Tensor Weights::norm(const std::string& name, std::int64_t width, bool offset) const {
  if (!offset) return tensor(name + ".weight", {width});
  check_tensor(checkpoint_, name + ".weight", {width});
  return checkpoint_.load(name + ".weight", at::kFloat).to(device_) + 1;
}

}  // namespace austeer
