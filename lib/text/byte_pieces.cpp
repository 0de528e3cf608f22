#include "text/byte_pieces.hpp"

#include <fmt/format.h>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "base/scan.hpp"
#include "base/utf8.hpp"

namespace austeer {

// The alphabet as a table in each direction, made once.

namespace {

constexpr char32_t first_substitute = 0x100;
constexpr std::size_t alphabet_end = 0x100 + 68;

bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

std::array<char32_t, 256> make_alphabet() {
  std::array<char32_t, 256> alphabet{};
  char32_t next = first_substitute;
  for (int byte = 0; byte < 256; ++byte) {
    alphabet[static_cast<std::size_t>(byte)] =
        stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
  }
  return alphabet;
}

/// Byte of each character below alphabet_end, or -1.
std::array<int, alphabet_end> make_inverse() {
  std::array<int, alphabet_end> inverse;
  inverse.fill(-1);
  const auto& alphabet = byte_level_alphabet();
  for (std::size_t byte = 0; byte < 256; ++byte) inverse[alphabet[byte]] = static_cast<int>(byte);
  return inverse;
}

}  // namespace

const std::array<char32_t, 256>& byte_level_alphabet() {
  static const std::array<char32_t, 256> alphabet = make_alphabet();
  return alphabet;
}

std::optional<std::string> bytes_of_piece(std::string_view piece) {
  static const std::array<int, alphabet_end> inverse = make_inverse();
  std::string bytes;
  for (std::size_t position = 0; position < piece.size();) {
    const auto [value, length] = code_point_at(piece, position);
    if (value >= alphabet_end || inverse[value] < 0) return std::nullopt;
    bytes += static_cast<char>(inverse[value]);
    position += length;
  }
  return bytes;
}

void check_pieces(std::span<const std::string> pieces, const std::string& place) {
  const auto refuse = [&](const std::string& what) {
    throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", ""});
  };
  std::unordered_map<std::string_view, std::size_t> seen;
  seen.reserve(pieces.size());
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const std::string& piece = pieces[id];
    if (piece.empty()) refuse(fmt::format("the token {} is empty", id));
    if (piece.find('\0') != std::string::npos || valid_utf8_prefix(piece) < piece.size()) {
      refuse(fmt::format("the token {} is not UTF-8 text without NUL", id));
    }
    const auto [taken, is_new] = seen.emplace(piece, id);
    if (!is_new) {
      refuse(fmt::format("the tokens {} and {} are both '{}'", taken->second, id, piece));
    }
  }
}

std::string byte_piece(unsigned char byte) { return fmt::format("<0x{:02X}>", byte); }

std::optional<char> byte_of_piece(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return std::nullopt;
  const auto value = parse_number<unsigned>(piece.substr(3, 2), 16);
  return value ? std::optional(static_cast<char>(*value)) : std::nullopt;
}

std::string ByteRun::take() {
  std::string text;
  if (valid_utf8_prefix(bytes_) == bytes_.size()) {
    text = std::move(bytes_);
  } else {
    for (std::size_t i = 0; i < bytes_.size(); ++i) append_utf8(text, 0xFFFD);
  }
  bytes_.clear();
  return text;
}

namespace {

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::size_t found = text.find(from);
  if (found == std::string::npos) return;
  std::string result;
  std::size_t done = 0;
  for (; found != std::string::npos; found = text.find(from, done)) {
    result.append(text, done, found - done).append(to);
    done = found + from.size();
  }
  text = result.append(text, done);
}

/// The rules for English that the `tokenizers` package applies, in its order.
void clean_up(std::string& text) {
  if (text.find(' ') == std::string::npos) return;
  constexpr std::pair<std::string_view, std::string_view> rules[] = {
      {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : rules) replace_all(text, from, to);
}

}  // namespace

void PieceDecoder::add_byte_level() { steps_.emplace_back(ByteLevel{}); }

void PieceDecoder::add_byte_fallback() { steps_.emplace_back(ByteFallback{}); }

void PieceDecoder::add_fuse() { steps_.emplace_back(Fuse{}); }

void PieceDecoder::add_replacement(Regex pattern, std::string content) {
  steps_.emplace_back(Replacement{std::move(pattern), std::move(content)});
}

void PieceDecoder::add_strip(std::string content, std::size_t count) {
  steps_.emplace_back(Strip{std::move(content), count});
}

void PieceDecoder::add_word_piece(std::string prefix, bool cleanup) {
  steps_.emplace_back(WordPieces{std::move(prefix), cleanup});
}

void PieceDecoder::add_metaspace(std::string mark, bool strips_first) {
  steps_.emplace_back(Metaspace{std::move(mark), strips_first});
}

std::string PieceDecoder::decode(std::vector<std::string> pieces) const {
  std::size_t bytes = 0;
  for (const std::string& piece : pieces) bytes += piece.size();
  const std::size_t max_bytes = grown_limit(bytes);
  for (const auto& step : steps_) {
    std::visit([&](const auto& one) { apply(one, pieces, max_bytes); }, step);
  }
  return joined(pieces);
}

void PieceDecoder::apply(const ByteLevel&, Pieces& pieces, std::size_t) {
  std::string bytes;
  for (const std::string& piece : pieces) bytes += bytes_of_piece(piece).value_or(piece);
  pieces = {repair_utf8(bytes)};
}

void PieceDecoder::apply(const ByteFallback&, Pieces& pieces, std::size_t) {
  Pieces result;
  ByteRun run;
  const auto end_run = [&] {
    std::string text = run.take();
    if (!text.empty()) result.push_back(std::move(text));
  };
  for (std::string& piece : pieces) {
    if (const std::optional<char> byte = byte_of_piece(piece)) {
      run.add(*byte);
      continue;
    }
    end_run();
    result.push_back(std::move(piece));
  }
  end_run();
  pieces = std::move(result);
}

void PieceDecoder::apply(const Fuse&, Pieces& pieces, std::size_t) { pieces = {joined(pieces)}; }

void PieceDecoder::apply(const Replacement& step, Pieces& pieces, std::size_t max_bytes) {
  std::size_t left = max_bytes;
  for (std::string& piece : pieces) {
    piece = step.pattern.replace_all(piece, step.content, left);
    left -= piece.size();
  }
}

void PieceDecoder::apply(const Strip& step, Pieces& pieces, std::size_t) {
  for (std::string& piece : pieces) {
    std::string_view rest = piece;
    for (std::size_t i = 0; i < step.count && rest.starts_with(step.content); ++i) {
      rest.remove_prefix(step.content.size());
    }
    piece.erase(0, piece.size() - rest.size());
  }
}

void PieceDecoder::apply(const WordPieces& step, Pieces& pieces, std::size_t) {
  bool first = true;
  for (std::string& piece : pieces) {
    if (!first) {
      if (piece.starts_with(step.prefix)) {
        piece.erase(0, step.prefix.size());
      } else {
        piece.insert(0, 1, ' ');
      }
    }
    first = false;
    if (step.cleanup) clean_up(piece);
  }
}

void PieceDecoder::apply(const Metaspace& step, Pieces& pieces, std::size_t) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    replace_all(pieces[i], step.mark, i == 0 && step.strips_first ? "" : " ");
  }
}

}  // namespace austeer
