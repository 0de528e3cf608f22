#pragma once
// What the metadata of a GGUF file says about its decoder, as a DecoderConfig.

#include <string>

#include "models/config.hpp"
#include "tensors/gguf.hpp"

namespace austeer {

/// The configuration of a file whose `general.architecture` is llama (Mistral too), qwen2, qwen3,
/// qwen3moe, gemma2 or gemma3. Which biases there are, whether the embedding is tied and which
/// layers have experts is seen by the tensors. Throws FormatError for another architecture, a
/// missing key, and sizes that are impossible or do not fit together.
DecoderConfig read_gguf_config(const GgufFile& file);

/// What GGUF calls the architecture of a model of `model_type` ("mistral": "llama"). Throws
/// UsageError for a type that is not supported.
std::string gguf_architecture(const std::string& model_type);

}  // namespace austeer
