#pragma once
// A BPE tokenizer, put together from its parts by whoever has read a file.

#include <memory>
#include <string>
#include <vector>

#include "text/added_tokens.hpp"
#include "text/bpe.hpp"
#include "text/normalizer.hpp"
#include "text/piece_decoder.hpp"
#include "text/pre_tokenizer.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

struct BpeParts {
  BpeRules rules;
  std::vector<AddedToken> added;  ///< those of the vocabulary have its ids
  Normalizer normalizer;
  std::vector<SplitRule> split_rules;  ///< none: a text is one word
  PieceDecoder decoder;
  std::vector<TokenId> prefix;  ///< default special tokens before the text
  std::vector<TokenId> suffix;  ///< and after it
  std::string fingerprint;
  std::string place;  ///< the file, for messages
};

/// Throws FormatError, opened by `parts.place`, unless the ids of vocabulary and added tokens are
/// distinct and run from 0 without holes, every merge names known pieces, and added tokens are
/// distinct and not empty.
std::unique_ptr<Tokenizer> make_bpe_tokenizer(BpeParts parts);

}  // namespace austeer
