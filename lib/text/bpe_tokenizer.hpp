#pragma once
// The byte-level BPE tokenizer, put together from its parts by whoever has read a file.

#include <memory>
#include <string>
#include <vector>

#include "text/added_tokens.hpp"
#include "text/bpe.hpp"
#include "text/pre_tokenizer.hpp"
#include "text/tokenizer.hpp"
#include "text/unicode.hpp"

namespace austeer {

struct BpeParts {
  BpeRules rules;
  std::vector<AddedToken> added;         ///< those of the vocabulary have its ids
  std::vector<NormalForm> normal_forms;  ///< applied in order
  std::vector<SplitRule> split_rules;
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
