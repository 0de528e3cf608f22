#pragma once
// Which quantised checkpoints this program reads, as their config.json describes them.

#include <string>

#include "base/json.hpp"

namespace austeer {

/// Passes a config.json without a quantization_config, and one that names bitsandbytes' NF4. Throws
/// FormatError for every other method, naming it and what to use instead; `place` opens the
/// message.
void check_quantisation(const Json& config, const std::string& place);

}  // namespace austeer
