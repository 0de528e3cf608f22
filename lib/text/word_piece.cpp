#include "text/word_piece.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace austeer {
namespace {

constexpr std::uint32_t starting = 0;
constexpr std::uint32_t continuing = 1;
constexpr std::size_t max_vocabulary_bytes = std::size_t{1} << 26;

[[noreturn]] void refuse_pieces(const std::string& place, std::string_view what) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", ""});
}

std::uint64_t edge(std::uint32_t node, char byte) {
  return (std::uint64_t{node} << 8) | static_cast<unsigned char>(byte);
}

/// Whether valid UTF-8 `word` has more than `most` characters.
bool is_longer(std::string_view word, std::int64_t most) {
  std::int64_t characters = 0;
  for (const char byte : word) characters += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return characters > most;
}

}  // namespace

WordPieceModel::WordPieceModel(const WordPieceRules& rules, const std::string& place)
    : ends_{-1, -1}, max_word_characters_(rules.max_word_characters) {
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
    add(starting, piece, id);
    if (piece.starts_with(prefix)) {
      add(continuing, std::string_view(piece).substr(prefix.size()), id);
    }
  }
}

void WordPieceModel::add(std::uint32_t root, std::string_view piece, TokenId id) {
  if (piece.empty()) return;
  std::uint32_t node = root;
  for (const char byte : piece) {
    const auto [next, is_new] =
        edges_.try_emplace(edge(node, byte), static_cast<std::uint32_t>(ends_.size()));
    if (is_new) ends_.push_back(-1);
    node = next->second;
  }
  ends_[node] = id;
}

TokenId WordPieceModel::longest_at(std::uint32_t root, std::string_view word,
                                   std::size_t& position) const {
  TokenId longest = -1;
  std::uint32_t node = root;
  for (std::size_t i = position; i < word.size(); ++i) {
    const auto next = edges_.find(edge(node, word[i]));
    if (next == edges_.end()) break;
    node = next->second;
    if (ends_[node] < 0) continue;
    longest = ends_[node];
    position = i + 1;
  }
  return longest;
}

void WordPieceModel::encode_word(std::string_view word, std::vector<TokenId>& ids) const {
  if (word.empty()) return;
  const std::size_t before = ids.size();
  bool known = !is_longer(word, max_word_characters_);
  for (std::size_t position = 0; known && position < word.size();) {
    const TokenId id = longest_at(position == 0 ? starting : continuing, word, position);
    known = id >= 0;
    ids.push_back(id);
  }
  if (known) return;
  ids.resize(before);
  ids.push_back(unknown_);
}

}  // namespace austeer
