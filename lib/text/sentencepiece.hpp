#pragma once
// SentencePiece models (`tokenizer.model`) through the SentencePiece library.
//
// Encoding equals SentencePiece's own, with BOS in front: where the model asks for it (Llama does),
// a text starts with a space that is not its own ("Hello" is "▁Hello"), and " Hello" with two.
// Control and unknown pieces that are written in the text ("</s>") become their ids; text after one
// is not given a space.
//
// Decoding follows Hugging Face's LlamaTokenizer: special pieces are left out, the rest is joined,
// and where the model prefixes a space, one space at the very start is removed. So a continuation
// that is decoded by itself starts without the space that parts it from the prompt.

#include <memory>
#include <string>
#include <string_view>

#include "text/tokenizer.hpp"

namespace austeer {

/// Makes a tokenizer from the bytes of a model. Throws FormatError, opened by `place`, when they
/// are not a SentencePiece model.
std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(std::string_view bytes,
                                                        const std::string& place);

}  // namespace austeer
