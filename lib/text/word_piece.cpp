#include "text/word_piece.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace austeer {
namespace {

constexpr std::size_t max_vocabulary_bytes = std::size_t{1} << 26;

[[noreturn]] void refuse_pieces(const std::string& place, std::string_view what) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", ""});
}

/// Whether valid UTF-8 `word` has more than `most` characters.
bool is_longer(std::string_view word, std::int64_t most) {
  std::int64_t characters = 0;
  for (const char byte : word) characters += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return characters > most;
}

}  // namespace

WordPieceModel::WordPieceModel(const WordPieceRules& rules, const std::string& place)
    : max_word_characters_(rules.max_word_characters) {
  const auto unknown = rules.vocabulary.find(rules.unknown);
  if (unknown == rules.vocabulary.end()) {
    refuse_pieces(place,
                  fmt::format("the unknown token '{}' is not in the vocabulary", rules.unknown));
  }
  unknown_ = unknown->second;
  if (max_word_characters_ < 1) {
    refuse_pieces(place, "model.max_input_chars_per_word must be at least 1");
  }
  std::size_t bytes = 0;
  for (const auto& [piece, id] : rules.vocabulary) bytes += piece.size();
  if (bytes > max_vocabulary_bytes) {
    refuse_pieces(place, fmt::format("the pieces of model.vocab have {} bytes, more than {}", bytes,
                                     max_vocabulary_bytes));
  }
  const std::string& prefix = rules.continuing_prefix;
  for (const auto& [piece, id] : rules.vocabulary) {
    starting_.add(piece, id);
    if (piece.starts_with(prefix)) {
      continuing_.add(std::string_view(piece).substr(prefix.size()), id);
    }
  }
}

void WordPieceModel::encode_word(std::string_view word, std::vector<TokenId>& ids) const {
  if (word.empty()) return;
  const std::size_t before = ids.size();
  bool known = !is_longer(word, max_word_characters_);
  for (std::size_t position = 0; known && position < word.size();) {
    const ByteTrie& pieces = position == 0 ? starting_ : continuing_;
    TokenId longest = -1;
    std::size_t length = 0;
    pieces.visit_prefixes(word.substr(position), [&](std::size_t bytes, TokenId id) {
      longest = id;
      length = bytes;
    });
    known = longest >= 0;
    ids.push_back(longest);
    position += length;
  }
  if (known) return;
  ids.resize(before);
  ids.push_back(unknown_);
}

}  // namespace austeer
