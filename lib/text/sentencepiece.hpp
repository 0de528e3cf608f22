#pragma once
// SentencePiece models (`tokenizer.model`) through the SentencePiece library.
//
// Encoding equals SentencePiece's own, with BOS in front unless the maker says otherwise: where the
// model asks for it (Llama does), a text starts with a space that is not its own ("Hello" is
// "▁Hello"), and " Hello" with two. Control and unknown pieces that are written in the text
// ("</s>") become their ids, as do tokens that were added to the model; text after one is not given
// a space.
//
// Decoding follows Hugging Face's LlamaTokenizer: special pieces are left out, the rest is joined,
// and where the model prefixes a space, one space at the very start is removed. So a continuation
// that is decoded by itself starts without the space that parts it from the prompt.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"
#include "text/tokenizer_config.hpp"

namespace austeer {

/// A model and what encode() puts around a text by default.
struct SentencePieceParts {
  std::string model;                           ///< a serialised ModelProto
  std::optional<std::vector<TokenId>> prefix;  ///< unset: the model's BOS, if it has one
  std::optional<std::vector<TokenId>> suffix;  ///< unset: the model's EOS, if it has one
  TokenizerConfig config;                      ///< tokens that were added to the model's
  std::string fingerprint;                     ///< see Tokenizer::fingerprint
  std::string place;                           ///< the file, for messages
};

/// Throws FormatError, opened by the place, when the model is not a SentencePiece model, has a
/// score that is not finite, a control token of a single character, or pieces that check_pieces
/// refuses. The ids of prefix and suffix must be the model's.
std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(SentencePieceParts parts);

/// The same from the bytes of a model: BOS in front where the model has one and `config` does not
/// say otherwise, and EOS at the end where `config` says so.
std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(std::string_view bytes,
                                                        const std::string& place,
                                                        const TokenizerConfig& config = {});

}  // namespace austeer
