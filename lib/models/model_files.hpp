#pragma once
// Which files at a path are a model that can be loaded. What people have in its place is told by
// name, with what to do about it: an adapter, weights of another framework, one file of a folder.

#include <filesystem>
#include <optional>

namespace austeer {

/// The Hugging Face folder or the GGUF file to load of `path`: a folder with config.json and
/// safetensors; a GGUF file of any name (Ollama's blobs have no ending); of a folder that holds
/// GGUF files alone its only model, the parts of a split one counting once. Nothing where there is
/// no such path, or nothing in it that looks like a model. Throws FormatError for a folder with
/// several GGUF models, a PEFT adapter, weights in PyTorch's or another framework's format alone,
/// and a file of weights by itself.
std::optional<std::filesystem::path> model_files(const std::filesystem::path& path);

}  // namespace austeer
