#pragma once
// A plan as an adapter of PEFT's method IA³ (Liu et al., NeurIPS 2022), which scales what enters or
// leaves a linear layer: adapter_config.json and adapter_model.safetensors, as `peft` writes and
// loads them. It needs no change to the model, and any precision of it will do.

#include <filesystem>
#include <string>

#include "models/config.hpp"
#include "plans/plan.hpp"

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

/// The plan that the adapter in `folder` carries out: units scaled by 1 + (factor - 1), in float32,
/// so that what write_ia3_adapter() wrote comes back up to the rounding of its factors. Also read
/// is the input of down_proj, which is the product with `ffn_gate`. Vectors of ones are no edits.
/// The provenance records each site's width, which check_plan() compares with the model's, the
/// base model's name, and what write_ia3_adapter() wrote of a plan of austeer's own. Throws
/// FileError, with how to convert weights that are no safetensors; UsageError for an adapter of
/// another method, for one that also brings whole modules, and for factors of other modules, by
/// name; FormatError for settings and weights that contradict each other, numbers that are not
/// finite, and an adapter that changes nothing.
Plan read_ia3_adapter(const std::filesystem::path& folder);

}  // namespace austeer
