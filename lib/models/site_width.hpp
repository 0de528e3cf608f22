#pragma once
// How many units a site has.

#include <cstdint>

#include "models/config.hpp"
#include "models/site.hpp"

namespace austeer {

/// Width of the activations at `site` of a decoder of `config`. Throws UsageError for `ffn_gate` of
/// a model with experts, each of which has a gate of its own.
std::int64_t site_width(const DecoderConfig& config, Site site);

}  // namespace austeer
