#pragma once
// The tokenizer that the metadata of a GGUF file describes (`tokenizer.ggml.*`).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tensors/gguf.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

/// The token that the metadata names at `key` ("tokenizer.ggml.eos_token_id"), if it names one.
/// Throws FormatError unless it is in [0, count).
std::optional<TokenId> gguf_token(const GgufFile& file, const std::string& key, std::int64_t count);

/// The tokenizer of the metadata: byte-level BPE ("gpt2") or SentencePiece ("llama"). Throws
/// FormatError for another kind, and for a vocabulary that is missing or malformed.
std::unique_ptr<Tokenizer> make_gguf_tokenizer(const GgufFile& file);

}  // namespace austeer
