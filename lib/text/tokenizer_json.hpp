#pragma once
// The `tokenizer.json` of the Hugging Face `tokenizers` package: BPE over bytes, as in Llama 3,
// Qwen, SmolLM2 and RoBERTa, or over characters that fall back to bytes, as it is converted from
// SentencePiece models (Llama 2, Mistral, Gemma); WordPiece as in BERT; Unigram as in T5 and
// Japanese models. Whatever it does not know is refused by name, since a tokenizer that is almost
// right gives ids that are quietly wrong.

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "text/tokenizer.hpp"
#include "text/tokenizer_config.hpp"

namespace austeer {

/// A tokenizer.json, parsed but not yet understood. Sorted keys: a vocabulary has up to a few
/// hundred thousand of them.
struct TokenizerDocument {
  nlohmann::json json;
  std::string fingerprint;  ///< SHA-256 of the bytes
  std::string place;        ///< the file, for messages
};

/// Parses `bytes`. Throws FormatError, opened by `place`.
TokenizerDocument parse_tokenizer_json(std::string_view bytes, std::string place);

/// Makes the tokenizer. `config` adds tokens and their flags, and says the tokenizer's class, which
/// decides on default special tokens where the file has no post-processor. Truncation and padding
/// that the file asks for are left to the caller. Throws FormatError for what is malformed,
/// contradictory or not supported.
std::unique_ptr<Tokenizer> make_tokenizer(const TokenizerDocument& document,
                                          const TokenizerConfig& config = {});

}  // namespace austeer
