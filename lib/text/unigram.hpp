#pragma once
// The unigram model of SentencePiece, as the `tokenizers` package runs it: a word is cut into the
// pieces whose scores (log probabilities) have the largest sum.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/byte_pieces.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

/// What a model is made of.
struct UnigramRules {
  std::unordered_map<std::string, TokenId> vocabulary;
  std::vector<double> scores;      ///< by id
  std::optional<TokenId> unknown;  ///< stands for neighbouring characters that have no piece
  bool byte_fallback = false;      ///< which become byte pieces instead, if all are there
};

class UnigramModel {
 public:
  /// Throws FormatError, opened by `place`, for an unknown token that is none, a piece of more than
  /// 4096 bytes, and pieces of more than 64 MiB together.
  UnigramModel(const UnigramRules& rules, const std::string& place);

  /// Appends the ids of `word`, valid UTF-8. Throws FormatError for a character without a piece
  /// where there is no unknown token. Time is at most that of the word's length times the longest
  /// piece's.
  void encode_word(std::string_view word, std::vector<TokenId>& ids) const;

 private:
  /// The best way to a place in a word: its last piece.
  struct Step {
    double score = 0;  ///< of the whole way
    std::size_t start = 0;
    TokenId id = -1;  ///< -1: no way is known
  };

  std::vector<Step> best_steps(std::string_view word) const;
  void append_unknown(std::string_view text, std::vector<TokenId>& ids) const;

  ByteTrie pieces_;
  std::vector<double> scores_;
  double unknown_score_ = 0;
  TokenId unknown_ = -1;
  std::optional<std::array<TokenId, 256>> bytes_;  // -1: no piece; unset without fallback
  std::string place_;
};

}  // namespace austeer
