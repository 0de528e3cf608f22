#pragma once
// Byte-pair encoding of one word: its bytes or its characters are symbols, and neighbours are
// joined in the order of the merges until none applies.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/tokenizer.hpp"

namespace austeer {

/// A merge: the two pieces that are joined, written as the vocabulary's pieces are.
using MergePieces = std::pair<std::string, std::string>;

/// What a model is made of.
struct BpeRules {
  /// Symbols are bytes and pieces are written in the byte-level alphabet; else symbols are
  /// characters and pieces are text.
  bool byte_level = true;
  std::unordered_map<std::string, TokenId> vocabulary;
  std::vector<MergePieces> merges;     ///< first merges first
  bool ignore_merges = false;          ///< a word that is a piece is that piece
  bool byte_fallback = false;          ///< characters without a piece are byte pieces, if there
  std::optional<std::string> unknown;  ///< the piece of symbols that have none; without it, dropped
  bool fuse_unknown = false;           ///< neighbouring unknown symbols are one token
};

/// Buffers that encode_word reuses from word to word; one per thread.
struct BpeScratch {
  struct Symbol {
    TokenId id;
    std::int32_t previous;
    std::int32_t next;
    bool alive;
  };
  struct Candidate {
    std::int32_t rank;
    std::int32_t position;
    TokenId joined;
  };
  std::vector<Symbol> symbols;
  std::vector<Candidate> queue;
};

class BpeModel {
 public:
  /// Throws FormatError, opened by `place`, for a merge or unknown token that is not in the
  /// vocabulary.
  BpeModel(const BpeRules& rules, const std::string& place);

  /// Appends the ids of `word`, which is valid UTF-8 or, byte-level, any bytes. Time is linear in
  /// the word but for a logarithm.
  void encode_word(std::string_view word, BpeScratch& scratch, std::vector<TokenId>& ids) const;

 private:
  struct Merge {
    std::int32_t rank;
    TokenId joined;
  };
  struct PairHash {
    std::size_t operator()(std::uint64_t key) const;
  };

  void read_symbols(const BpeRules& rules);
  void read_words(const BpeRules& rules);
  std::size_t symbol_length(std::string_view word, std::size_t position) const;
  TokenId symbol_id(std::string_view symbol) const;
  bool fall_back(std::string_view symbol, BpeScratch& scratch) const;
  void fill_symbols(std::string_view word, BpeScratch& scratch) const;
  void propose(BpeScratch& scratch, std::int32_t left) const;
  void merge_symbols(BpeScratch& scratch) const;
  const Merge* merge_of(TokenId left, TokenId right) const;

  bool byte_level_ = true;
  std::array<TokenId, 256> byte_ids_{};               // byte-level or fallen back to; -1: no piece
  std::unordered_map<char32_t, TokenId> characters_;  // filled unless byte-level
  std::unordered_map<std::uint64_t, Merge, PairHash> merges_;
  std::unordered_map<std::string, TokenId> words_;  // as in the text; with ignore_merges only
  TokenId unknown_ = -1;
  bool fuse_unknown_ = false;
};

}  // namespace austeer
