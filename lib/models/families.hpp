#pragma once
// What a family of decoders does unlike the others, as far as its name alone tells; sizes and the
// rest come from the file. Shared by config.json and GGUF metadata.

#include "models/config.hpp"

namespace austeer {

/// Sets what every model of `config.model_type` has: llama, mistral, qwen2, qwen3, qwen3_moe,
/// gemma2, gemma3_text. Throws FormatError for another type, opened by `place`.
void apply_family(DecoderConfig& config, const std::string& place);

/// Their names, sorted.
std::vector<std::string> family_names();

/// Of how many layers one sees all tokens in a model of `model_type` that has windows: 2 in Gemma
/// 2, 6 in Gemma 3; 0 where all layers have the window.
std::int64_t window_period(const std::string& model_type);

/// The windows of a model of which every `period`-th layer sees all tokens and the others `window`.
std::vector<std::int64_t> alternating_windows(std::int64_t layers, std::int64_t window,
                                              std::int64_t period);

}  // namespace austeer
