#pragma once
// How the pieces of a list of ids become text again. Each step turns a list of pieces into another;
// what the last one leaves is joined.

#include <string>
#include <variant>
#include <vector>

#include "text/regex.hpp"

namespace austeer {

class PieceDecoder {
 public:
  /// All pieces are one: the bytes that they stand for in the byte-level alphabet, a piece outside
  /// it standing for itself; what is not UTF-8 becomes U+FFFD.
  void add_byte_level();
  /// A run of pieces "<0x00>" to "<0xFF>" is the bytes' text if it is UTF-8 as a whole, else one
  /// U+FFFD for each.
  void add_byte_fallback();
  /// All pieces are joined to one.
  void add_fuse();
  /// Within each piece, every match of `pattern` becomes `content`.
  void add_replacement(Regex pattern, std::string content);
  /// Up to `count` times `content` is taken off the start of each piece.
  void add_strip(std::string content, std::size_t count);

  /// Every `mark` becomes a space; where `strips_first`, those of the first piece go.
  void add_metaspace(std::string mark, bool strips_first);

  /// Pieces that open with `prefix` join the one before without it; before all others but the first
  /// stands a space. With `cleanup`, spaces in a piece before English punctuation and contractions
  /// go.
  void add_word_piece(std::string prefix, bool cleanup);

  /// The text of `pieces`. Throws FormatError where replacements make it many times longer, which
  /// no model's do.
  std::string decode(std::vector<std::string> pieces) const;

 private:
  struct ByteLevel {};
  struct ByteFallback {};
  struct Fuse {};
  struct Replacement {
    Regex pattern;
    std::string content;
  };
  struct Strip {
    std::string content;
    std::size_t count;
  };
  struct WordPieces {
    std::string prefix;
    bool cleanup;
  };
  struct Metaspace {
    std::string mark;
    bool strips_first;
  };
  using Pieces = std::vector<std::string>;

  static void apply(const ByteLevel& step, Pieces& pieces, std::size_t max_bytes);
  static void apply(const ByteFallback& step, Pieces& pieces, std::size_t max_bytes);
  static void apply(const Fuse& step, Pieces& pieces, std::size_t max_bytes);
  static void apply(const Replacement& step, Pieces& pieces, std::size_t max_bytes);
  static void apply(const Strip& step, Pieces& pieces, std::size_t max_bytes);
  static void apply(const WordPieces& step, Pieces& pieces, std::size_t max_bytes);
  static void apply(const Metaspace& step, Pieces& pieces, std::size_t max_bytes);

  std::vector<
      std::variant<ByteLevel, ByteFallback, Fuse, Replacement, Strip, WordPieces, Metaspace>>
      steps_;
};

}  // namespace austeer
