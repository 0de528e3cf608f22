#pragma once
// The kinds of tokens that a vocabulary tells apart.

#include <cstdint>

namespace austeer {

/// Numbered as GGUF (`tokenizer.ggml.token_type`) and SentencePiece number them.
enum class TokenType : std::int32_t {
  normal = 1,
  unknown = 2,       ///< stands for what has no token
  control = 3,       ///< special: found in text, left out when decoding
  user_defined = 4,  ///< found in text, kept when decoding
  unused = 5,
  byte = 6  ///< one byte of a character that has no token; only SentencePiece has these
};

}  // namespace austeer
