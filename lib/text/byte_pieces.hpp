#pragma once
// Pieces of a vocabulary as bytes: the byte-level alphabet, pieces by what a text starts with, and
// pieces that stand for one byte of a character that has none of its own, "<0x00>" to "<0xFF>".

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "text/regex.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

// The byte-level alphabet of GPT-2: each of the 256 bytes is written as one printable character,
// so that pieces of any bytes can stand in a JSON file.

/// The character of each byte: printable Latin-1 is itself, the other 68 follow from U+0100.
const std::array<char32_t, 256>& byte_level_alphabet();

/// The bytes that a piece stands for, or nullopt when it has a character outside the alphabet or is
/// not UTF-8.
std::optional<std::string> bytes_of_piece(std::string_view piece);

// Pieces of a vocabulary by their bytes: which of them does a text start with?

class ByteTrie {
 public:
  /// Adds `piece`, or gives it another id. The empty piece is left out.
  void add(std::string_view piece, TokenId id) {
    if (piece.empty()) return;
    std::uint32_t node = 0;
    for (const char byte : piece) {
      const auto [next, is_new] =
          edges_.try_emplace(edge(node, byte), static_cast<std::uint32_t>(ends_.size()));
      if (is_new) ends_.push_back(-1);
      node = next->second;
    }
    ends_[node] = id;
  }

  /// Calls `visit(length, id)` for each piece that `text` starts with, the shortest first. Time is
  /// that of the longest way into the tree.
  template <typename Visit>
  void visit_prefixes(std::string_view text, const Visit& visit) const {
    std::uint32_t node = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto next = edges_.find(edge(node, text[i]));
      if (next == edges_.end()) return;
      node = next->second;
      if (ends_[node] >= 0) visit(i + 1, ends_[node]);
    }
  }

 private:
  static std::uint64_t edge(std::uint32_t node, char byte) {
    return (std::uint64_t{node} << 8) | static_cast<unsigned char>(byte);
  }

  std::unordered_map<std::uint64_t, std::uint32_t> edges_;  // by node and byte
  std::vector<TokenId> ends_{-1};                           // by node: the piece that ends there
};

// What every vocabulary must hold, whatever file it comes from.

/// Throws FormatError, opened by `place` and naming the token by its id, unless every piece is
/// UTF-8 text without NUL, not empty, and stands once. `pieces` are in id order.
void check_pieces(std::span<const std::string> pieces, const std::string& place);

/// "<0x0A>" for 10.
std::string byte_piece(unsigned char byte);

/// The byte that a piece stands for; nullopt when it is no byte piece.
std::optional<char> byte_of_piece(std::string_view piece);

/// Neighbouring byte pieces while they are decoded.
class ByteRun {
 public:
  void add(char byte) { bytes_ += byte; }

  /// The run's text, and a new run: its bytes where they are UTF-8 as a whole, else one U+FFFD for
  /// each byte.
  std::string take();

 private:
  std::string bytes_;
};

// How the pieces of a list of ids become text again. Each step turns a list of pieces into another;
// what the last one leaves is joined.

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
