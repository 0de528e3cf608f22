// The alphabet as a table in each direction, made once.
#include "text/byte_level.hpp"

#include "base/utf8.hpp"

namespace austeer {
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

}  // namespace austeer
