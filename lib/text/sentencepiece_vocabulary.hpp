#pragma once
// A SentencePiece vocabulary without its model file: what the metadata of a GGUF file says about
// its tokenizer, in a neutral form that whoever reads such a file fills in.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"

namespace austeer {

// Writes protocol buffer messages field by field: a number and a type, then the value.

class ProtobufWriter {
 public:
  /// A whole number, true or false, or an enumeration. A negative number takes ten bytes.
  ProtobufWriter& number(std::uint32_t field, std::int64_t value);
  /// A 32-bit float.
  ProtobufWriter& real(std::uint32_t field, float value);
  /// A text, bytes, or a message within this one.
  ProtobufWriter& text(std::uint32_t field, std::string_view value);

  /// The message so far.
  const std::string& bytes() const { return bytes_; }

 private:
  void key(std::uint32_t field, std::uint32_t wire_type);
  void varint(std::uint64_t value);

  std::string bytes_;
};

struct SentencePieceVocabulary {
  std::vector<std::string> tokens;  ///< in id order, U+2581 for a space
  std::vector<double> scores;       ///< one per token; the pair with the best score merges first
  std::vector<std::int32_t> types;  ///< one TokenType per token
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  std::optional<TokenId> unknown;  ///< unset: the token of that type
  bool add_bos = true;             ///< encode() puts bos first by default
  bool add_eos = false;            ///< encode() puts eos last by default
  bool add_space_prefix = true;    ///< a text is encoded as if a space stood before it
  std::string place;               ///< the file, for messages
};

/// The tokenizer of a vocabulary: SentencePiece's BPE without normalisation, and with byte fallback
/// if there are byte tokens. Throws FormatError for lists of different lengths, ids that are no
/// tokens, scores that are not finite, types that are none, tokens that are empty, stand twice or
/// are not UTF-8, control tokens of a single character, other than one unknown token, other than
/// all or none of the 256 byte tokens, and BOS or EOS that is to be added but not named.
std::unique_ptr<Tokenizer> make_tokenizer(const SentencePieceVocabulary& vocabulary);

}  // namespace austeer
