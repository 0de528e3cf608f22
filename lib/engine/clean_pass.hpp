#pragma once
// The pass before a steered one, for taps that need to know what the model does unsteered.

#include <span>

#include "engine/packed_pass.hpp"
#include "engine/tap.hpp"
#include "models/decoder.hpp"

namespace austeer {

/// Runs the prompts of `slices`, which are whole texts, for what `tap` observes; nothing where it
/// is null or wants no such pass. Keys and values are not kept.
void run_clean_pass(const Decoder& model, std::span<const TextSlice> slices, PassWay way, Tap* tap);

}  // namespace austeer
