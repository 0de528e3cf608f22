#pragma once
// Which quantised checkpoints this program reads, as their config.json describes them.

#include <string>

#include "base/json.hpp"

namespace austeer {

/// Passes a config.json that speaks of no quantisation, and one that names bitsandbytes' NF4.
/// Throws FormatError for every other method (GPTQ, AWQ, FP8, MLX, ...), naming it and what to do
/// instead; `place` opens the message.
void check_quantisation(const Json& config, const std::string& place);

}  // namespace austeer
