#pragma once
// WordPiece, as BERT and its kin use it: a word is cut from left to right into the longest pieces
// that the vocabulary has; pieces that continue a word are written with a mark in front ("##ing").

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
  void add(std::uint32_t root, std::string_view piece, TokenId id);
  /// The longest piece below `root` that starts at `position`; its length is added to `position`.
  TokenId longest_at(std::uint32_t root, std::string_view word, std::size_t& position) const;

  // A tree of bytes with two roots: node 0 for pieces that start a word, node 1 for those that
  // continue one. An edge is found by its node and byte.
  std::unordered_map<std::uint64_t, std::uint32_t> edges_;
  std::vector<TokenId> ends_;  // by node: the piece that ends there, or -1
  TokenId unknown_ = -1;
  std::int64_t max_word_characters_;
};

}  // namespace austeer
