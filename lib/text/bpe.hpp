#pragma once
// Byte-pair encoding of one word: its bytes or its characters are symbols, and neighbours are
// joined in the order of the merges until none applies.

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
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

// A byte-level BPE vocabulary without a tokenizer.json: what the metadata of a GGUF file says about
// its tokenizer, in a neutral form that whoever reads such a file fills in.

struct BpeVocabulary {
  std::vector<std::string> tokens;  ///< in id order, in the byte-level alphabet
  std::vector<std::int32_t> types;  ///< one TokenType per token, or empty: all normal
  std::vector<MergePieces> merges;  ///< see split_merge
  std::string pre_tokenizer;        ///< `tokenizer.ggml.pre`, a name of pre_tokenizer.hpp
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  bool add_bos = false;  ///< encode() puts bos first by default
  bool add_eos = false;  ///< encode() puts eos last by default
  std::string place;     ///< the file, for messages
};

/// The two pieces of a merge that is written "left right". Throws FormatError, opened by `place`,
/// unless there is exactly one space, between two pieces.
MergePieces split_merge(std::string_view merge, const std::string& place);

/// The tokenizer of a vocabulary. Throws FormatError for an unknown pre-tokenizer name, a type that
/// byte-level BPE does not have (byte tokens are SentencePiece's), lists that do not fit each
/// other, and all that check_pieces and compose_tokenizer refuse.
std::unique_ptr<Tokenizer> make_tokenizer(const BpeVocabulary& vocabulary);

// The older form of a RoBERTa tokenizer: vocab.json and merges.txt, and tokenizer_config.json
// beside them for the special tokens. Many text classifiers are published so.

/// The byte-level BPE tokenizer of `folder`/vocab.json and merges.txt, with <s> before a text and
/// </s> after it. Throws FileError, and FormatError for what is malformed and for the vocabularies
/// of other families (GPT-2), which do not have these tokens.
std::unique_ptr<Tokenizer> load_roberta_vocabulary(const std::filesystem::path& folder);

}  // namespace austeer
