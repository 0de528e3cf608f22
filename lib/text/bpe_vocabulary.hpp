#pragma once
// A byte-level BPE vocabulary without a tokenizer.json: what the metadata of a GGUF file says about
// its tokenizer, in a neutral form that whoever reads such a file fills in.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/bpe.hpp"
#include "text/token_type.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

struct BpeVocabulary {
  std::vector<std::string> tokens;  ///< in id order, in the byte-level alphabet
  std::vector<std::int32_t> types;  ///< one TokenType per token, or empty: all normal
  std::vector<MergePieces> merges;  ///< see split_merge
  std::string pre_tokenizer;        ///< `tokenizer.ggml.pre`, a name of named_pre_tokenizers.hpp
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  bool add_bos = false;  ///< encode() puts bos first by default
  bool add_eos = false;  ///< encode() puts eos last by default
  std::string place;     ///< the file, for messages
};

/// The two pieces of a merge that is written "left right". Throws FormatError, opened by `place`,
/// unless there is exactly one space, between two pieces.
MergePieces split_merge(std::string_view merge, const std::string& place);

/// The tokenizer of a vocabulary. Throws FormatError for an unknown pre-tokenizer name, a type that
/// byte-level BPE does not have (byte tokens are SentencePiece's), lists that do not fit each
/// other, and all that check_pieces and compose_tokenizer refuse.
std::unique_ptr<Tokenizer> make_tokenizer(const BpeVocabulary& vocabulary);

}  // namespace austeer
