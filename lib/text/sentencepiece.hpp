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

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"
#include "text/tokenizer_config.hpp"

namespace austeer {

// A SentencePiece vocabulary without its model file: what the metadata of a GGUF file says about
// its tokenizer, in a neutral form that whoever reads such a file fills in.

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
