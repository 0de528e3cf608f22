#pragma once
// A plan written into the weights themselves: a whole Hugging Face folder that any program loads as
// it loads the original, at no cost per token.

#include <filesystem>
#include <string>
#include <vector>

#include "models/config.hpp"
#include "plans/plan.hpp"

namespace austeer {

/// Copies the model in `source`, a folder with config.json and safetensors, to `folder`, which is
/// made and must be empty, with `plan` folded into the weights (see Folding). Shards, the order of
/// their tensors, dtypes and metadata stay the source's, and so do all other files but weights in
/// other formats. What was done stands in austeer.json; config.json is written last, so that a copy
/// that was cut short is no model. Returns the names of the tensors that were changed or are new,
/// in the order in which they were written. Throws what affine_plan() and fold() throw, UsageError
/// for weights in 4 bits and a folder that is not empty, FileError, FormatError.
std::vector<std::string> write_folded_checkpoint(const Plan& plan, const DecoderConfig& config,
                                                 const std::filesystem::path& source,
                                                 const std::filesystem::path& folder);

}  // namespace austeer
