#pragma once
// A plan as a GGUF control vector: what llama.cpp adds to the residual stream after each layer, at
// every token (`--control-vector`), and what repeng reads.

#include <filesystem>

#include "engine/plan.hpp"
#include "models/config.hpp"

namespace austeer {

/// Writes `plan` as the tensors `direction.LAYER`, float32 [D] each, layers counted from 0, with
/// the metadata `general.architecture` "controlvector", `controlvector.model_hint` (the model's
/// GGUF architecture), `controlvector.layer_count` (of tensors) and the plan's provenance. Shifts
/// at the site `layer` are taken as they are; those at `ffn` are the same where no norm follows the
/// block. Throws what affine_plan() throws; UsageError for units that are scaled, for other sites,
/// and for layer 0, after which llama.cpp adds nothing; FileError.
void write_control_vector(const Plan& plan, const DecoderConfig& config,
                          const std::filesystem::path& file);

/// The plan that adds the vectors of `file` to the layers of a model of `config`. Throws FileError,
/// and FormatError for what is no control vector, and vectors of other layers or widths.
Plan read_control_vector(const std::filesystem::path& file, const DecoderConfig& config);

}  // namespace austeer
