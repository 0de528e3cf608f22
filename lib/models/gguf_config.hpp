#pragma once
// What the metadata of a GGUF say of the decoder's configuration and of the tokenizer.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/config.hpp"
#include "tensors/gguf.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

// What the metadata of a GGUF file says about its decoder, as a DecoderConfig.

/// The configuration of a file whose `general.architecture` is llama (Mistral too), qwen2, qwen3,
/// qwen3moe, gemma2 or gemma3. Which biases there are, whether the embedding is tied and which
/// layers have experts is seen by the tensors. Throws FormatError for another architecture, a
/// missing key, and sizes that are impossible or do not fit together.
DecoderConfig read_gguf_config(const GgufFile& file);

// The tokenizer that the metadata of a GGUF file describes (`tokenizer.ggml.*`).

/// The token that the metadata names at `key` ("tokenizer.ggml.eos_token_id"), if it names one.
/// Throws FormatError unless it is in [0, count).
std::optional<TokenId> gguf_token(const GgufFile& file, const std::string& key, std::int64_t count);

/// The tokenizer of the metadata: byte-level BPE ("gpt2") or SentencePiece ("llama"). Throws
/// FormatError for another kind, and for a vocabulary that is missing or malformed.
std::unique_ptr<Tokenizer> make_gguf_tokenizer(const GgufFile& file);

}  // namespace austeer
