#pragma once
// A plan as a GGUF control vector: what llama.cpp adds to the residual stream after each layer, at
// every token (`--control-vector`), and what repeng reads.

#include <filesystem>

#include "models/config.hpp"
#include "plans/plan.hpp"

namespace austeer {

/// Writes `plan` as the tensors `direction.LAYER`, float32 [D] each, layers counted from 0, with
/// the metadata `general.architecture` "controlvector", `controlvector.model_hint` (the model's
/// GGUF architecture), `controlvector.layer_count` (of tensors) and the plan's provenance. Shifts
/// at the site `layer` are taken as they are; those at `ffn` are the same where no norm follows the
/// block. Throws what affine_plan() throws; UsageError for units that are scaled, for other sites,
/// and for layer 0, after which llama.cpp adds nothing; FileError.
void write_control_vector(const Plan& plan, const DecoderConfig& config,
                          const std::filesystem::path& file);

/// The plan that adds the vectors of `file`, `direction.N` after layer N as llama.cpp and repeng
/// do, at every token: the inverse of write_control_vector(), exactly. Zeros are no edits. The
/// provenance records the vectors' width, which check_plan() compares with the model's, the family
/// of `controlvector.model_hint`, and what write_control_vector() wrote of a plan of austeer's own.
/// Throws FileError; UsageError for a GGUF file that is a model or a LoRA adapter; FormatError for
/// other tensors than directions, vectors of different widths, numbers that are not finite, and
/// vectors that are all 0.
Plan read_control_vector(const std::filesystem::path& file);

}  // namespace austeer
