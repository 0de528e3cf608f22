#pragma once
// A tokenizer that cuts a text into words and each word into pieces, put together from its parts
// by whoever has read a file.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "text/added_tokens.hpp"
#include "text/bpe.hpp"
#include "text/normalizer.hpp"
#include "text/piece_decoder.hpp"
#include "text/pre_tokenizer.hpp"
#include "text/tokenizer.hpp"
#include "text/unigram.hpp"
#include "text/word_piece.hpp"

namespace austeer {

struct TokenizerParts {
  std::variant<BpeRules, WordPieceRules, UnigramRules> rules;  ///< how words are cut into pieces
  std::vector<AddedToken> added;  ///< those of the vocabulary have its ids
  Normalizer normalizer;
  std::vector<WordRule> word_rules;  ///< none: a text is one word
  PieceDecoder decoder;
  std::vector<TokenId> prefix;  ///< default special tokens before the text
  std::vector<TokenId> suffix;  ///< and after it
  std::optional<TokenId> end;   ///< Tokenizer::end_token
  std::string fingerprint;
  std::string place;  ///< the file, for messages

  /// The pieces of the rules with their ids.
  const std::unordered_map<std::string, TokenId>& vocabulary() const;
};

/// Throws FormatError, opened by `parts.place`, unless the ids of vocabulary and added tokens are
/// distinct and at most max_token_id, added tokens are distinct and not empty, and the model takes
/// its rules (BpeModel, WordPieceModel, UnigramModel). Ids between may be no token's.
std::unique_ptr<Tokenizer> compose_tokenizer(TokenizerParts parts);

}  // namespace austeer
