#pragma once
// A tokenizer that cuts a text into words and each word into pieces, put together from its parts
// by whoever has read a file.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "text/bpe.hpp"
#include "text/byte_pieces.hpp"
#include "text/normalizer.hpp"
#include "text/pre_tokenizer.hpp"
#include "text/tokenizer.hpp"
#include "text/unigram.hpp"
#include "text/word_piece.hpp"

namespace austeer {

// Tokens that are looked for in the text itself before anything else is done to it: special ones
// ("<|im_start|>") and others that a vocabulary was extended with.

/// Ids above it are refused: no vocabulary comes near it, and tables by id would fill the memory.
inline constexpr TokenId max_token_id = (TokenId{1} << 22) - 1;

struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool single_word = false;  ///< only where no letter of a word touches it
  bool lstrip = false;       ///< takes the white space before it along
  bool rstrip = false;       ///< takes the white space after it along
  bool normalized = false;   ///< looked for after normalisation instead of before
  bool special = false;      ///< left out when ids are decoded
};

/// A stretch of text: a token, or text between tokens (id < 0).
struct TextSection {
  TokenId id = -1;
  std::string_view text;
};

/// Finds tokens in text: from left to right, the longest that starts at the leftmost place, as the
/// `tokenizers` package does.
class AddedTokenFinder {
 public:
  AddedTokenFinder() = default;
  /// The tokens' contents must be distinct and not empty.
  explicit AddedTokenFinder(std::vector<AddedToken> tokens);

  /// Cuts valid UTF-8 `text` into tokens and what is between them; empty stretches are left out.
  std::vector<TextSection> split(std::string_view text) const;

 private:
  const AddedToken* longest_at(std::string_view text, std::size_t position) const;

  std::vector<AddedToken> tokens_;  // sorted by content
  bool starts_with_[256] = {};      // by first byte
};

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
