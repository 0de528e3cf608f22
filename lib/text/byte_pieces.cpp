#include "text/byte_pieces.hpp"

#include <charconv>
#include <fmt/format.h>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
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
  unsigned value = 0;
  const char* end = piece.data() + 5;
  const auto [stop, error] = std::from_chars(piece.data() + 3, end, value, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return static_cast<char>(value);
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

}  // namespace austeer
