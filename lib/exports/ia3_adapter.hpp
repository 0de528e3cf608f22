#pragma once
// A plan as an adapter of PEFT's method IA³ (Liu et al., NeurIPS 2022), which scales what enters or
// leaves a linear layer: adapter_config.json and adapter_model.safetensors, as `peft` writes and
// loads them. It needs no change to the model, and any precision of it will do.

#include <filesystem>
#include <string>

#include "engine/plan.hpp"
#include "models/config.hpp"

namespace austeer {

/// Writes the adapter into `folder`, which is made and must be empty. `base_model` is what `peft`
/// will take the model from: a name on the hub, or a folder. Each steered layer and site becomes
/// one float32 vector of factors:
///   attention   on the input of o_proj, [1, heads * head_dim] (a `feedforward` module to PEFT)
///   ffn_gate    on the output of up_proj, [FFN width, 1]: the same product as on its other half
///   ffn         on the output of down_proj, [D, 1]; in Gemma that is before the post-norm
/// The plan's provenance stands in the metadata. Throws what affine_plan() throws, UsageError for
/// shifts, for the site `layer`, for the FFN of a layer with experts and for a folder that is not
/// empty, FileError.
void write_ia3_adapter(const Plan& plan, const DecoderConfig& config, const std::string& base_model,
                       const std::filesystem::path& folder);

/// The plan that the adapter in `folder` carries out on a model of `config`. Throws FileError, and
/// FormatError for what is no IA³ adapter of these three modules.
Plan read_ia3_adapter(const std::filesystem::path& folder, const DecoderConfig& config);

}  // namespace austeer
