#pragma once
// Tokens that are looked for in the text itself before anything else is done to it: special ones
// ("<|im_start|>") and others that a vocabulary was extended with.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"

namespace austeer {

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

}  // namespace austeer
