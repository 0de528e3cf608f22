#pragma once
// Texts at which a generated answer ends, wherever they lie in its tokens: at the end of one, in
// its middle, or over several.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"

namespace austeer {

class StopTexts {
 public:
  /// `tokenizer` must outlive this. Empty texts are never found.
  StopTexts(std::vector<std::string> texts, const Tokenizer& tokenizer);

  bool empty() const { return texts_.empty(); }

  /// Whether the text of `tokens` has a stop text in it, for a caller that asks after each new
  /// token: what is looked at first is the end of the text alone, so that the work per token does
  /// not grow with the text. May be late, never early, where special tokens, which have no text,
  /// lie inside of a stop text: ending() is right in any case.
  bool reached(std::span<const TokenId> tokens) const;

  /// An answer that is over: its text before the first stop text, and its tokens up to the one that
  /// has the end of that text.
  struct Ending {
    std::string text;
    std::vector<TokenId> tokens;
  };
  Ending ending(std::vector<TokenId> tokens) const;

 private:
  /// The byte at which the first stop text begins, or npos.
  std::size_t find(std::string_view text) const;

  std::vector<std::string> texts_;
  const Tokenizer& tokenizer_;
  std::size_t tail_ = 0;  ///< tokens that surely hold the longest of them, where each has a byte
};

}  // namespace austeer
