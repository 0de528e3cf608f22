#pragma once
// Whether a ranking or a plan was made for the model at hand: a unit is a place in one model's
// weights, and means nothing in another's.

#include <filesystem>

#include "base/json.hpp"
#include "models/load.hpp"

namespace austeer {

/// Throws UsageError where `provenance`, of a ranking or of a plan, records another fingerprint of
/// the weights or of the tokenizer than `model` has, or another family of models; with `force` the
/// log has a warning instead. `file`, where it was read from, opens the message. What records none,
/// as a plan that was written by hand, is taken.
void check_made_for(const Model& model, const Json& provenance, const std::filesystem::path& file,
                    bool force);

}  // namespace austeer
