#pragma once
// WordPiece, as BERT and its kin use it: a word is cut from left to right into the longest pieces
// that the vocabulary has; pieces that continue a word are written with a mark in front ("##ing").

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/byte_trie.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

/// What a model is made of.
struct WordPieceRules {
  std::unordered_map<std::string, TokenId> vocabulary;
  std::string unknown = "[UNK]";           ///< the piece of a word that cannot be cut up
  std::string continuing_prefix = "##";    ///< in front of pieces that do not start a word
  std::int64_t max_word_characters = 100;  ///< longer words are unknown
};

class WordPieceModel {
 public:
  /// Throws FormatError, opened by `place`, when the unknown token is not in the vocabulary, the
  /// limit is not positive, or the pieces have more than 64 MiB together.
  WordPieceModel(const WordPieceRules& rules, const std::string& place);

  /// Appends the ids of `word`, valid UTF-8. Time is at most that of the word's length times the
  /// longest piece's.
  void encode_word(std::string_view word, std::vector<TokenId>& ids) const;

 private:
  ByteTrie starting_;
  ByteTrie continuing_;  // without the mark in front
  TokenId unknown_ = -1;
  std::int64_t max_word_characters_;
};

}  // namespace austeer
