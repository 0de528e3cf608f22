#pragma once
// Which quantised checkpoints this program reads, as their config.json describes them.

#include <string>

#include "base/json.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {

/// Passes a config.json that speaks of no quantisation, and one that names bitsandbytes' NF4.
/// Throws FormatError for every other method (GPTQ, AWQ, FP8, MLX, ...), naming it and what to do
/// instead; `place` opens the message.
void check_quantisation(const Json& config, const std::string& place);

/// Throws FormatError where the matrix `name` has MLX's scales beside it, of which the config may
/// not speak.
void refuse_packed_by_mlx(const Checkpoint& checkpoint, const std::string& name);

}  // namespace austeer
