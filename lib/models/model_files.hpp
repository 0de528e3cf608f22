#pragma once
// Which files at a path are a model that can be loaded, and how its weights are quantised. What
// people have in its place is told by name, with what to do about it: an adapter, weights of
// another framework, one file of a folder, a quantisation that is not read.

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace austeer {

// Which quantised checkpoints this program reads, as their config.json describes them.

/// PassKind a config.json that speaks of no quantisation, and one that names bitsandbytes' NF4.
/// Throws FormatError for every other method (GPTQ, AWQ, FP8, MLX, ...), naming it and what to do
/// instead; `place` opens the message.
void check_quantisation(const Json& config, const std::string& place);

/// The Hugging Face folder or the GGUF file to load of `path`: a folder with config.json and
/// safetensors; a GGUF file of any name (Ollama's blobs have no ending); of a folder that holds
/// GGUF files alone its only model, the parts of a split one counting once. Nothing where there is
/// no such path, or nothing in it that looks like a model. Throws FormatError for a folder with
/// several GGUF models, a PEFT adapter, weights in PyTorch's or another framework's format alone,
/// and a file of weights by itself.
std::optional<std::filesystem::path> model_files(const std::filesystem::path& path);

}  // namespace austeer
