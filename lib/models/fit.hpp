#pragma once
// Whether a model fits: the number format and the placement of its weights, chosen from what the
// user asked for and what memory there is, before any weight is read.

#include <ATen/ATen.h>
#include <optional>
#include <vector>

#include "models/config.hpp"
#include "models/linear.hpp"
#include "models/placement.hpp"

namespace austeer {

struct ModelOptions {
  /// One, or several that share the layers.
  std::vector<at::Device> devices = {at::kCPU};
  /// On one device that is no CPU: layers that do not fit stay in the CPU's memory and are copied
  /// over for each pass.
  bool offload = false;
  /// Unset: on the CPU bfloat16 where the processor multiplies it natively, else float32; where
  /// that does not fit, and on other devices, the half-precision type of the checkpoint.
  std::optional<at::ScalarType> dtype;
};

/// How the weights lie in their file.
enum class Storage {
  mapped,  ///< as they are multiplied, if the dtype is the stored one: they take no memory of ours
  packed,  ///< in a format that is unpacked as a whole into the dtype
};

/// How a model will lie in memory.
struct Fit {
  at::ScalarType dtype;
  Placement placement;
  WeightBytes weights;
};

/// `rooms` has what is free on each of `options.devices`. Throws ComputeError, saying what would
/// fit, when there is not room enough. `multiplies_bfloat16`: whether the processor does so
/// natively.
Fit fit_model(const DecoderConfig& config, Storage storage, const ModelOptions& options,
              const std::vector<DeviceRoom>& rooms,
              bool multiplies_bfloat16 = cpu_multiplies(at::kBFloat16));

/// What is free on each device now.
std::vector<DeviceRoom> measure_rooms(const std::vector<at::Device>& devices);

}  // namespace austeer
