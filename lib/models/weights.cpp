#include "models/weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "tensors/nf4.hpp"

namespace austeer {
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
