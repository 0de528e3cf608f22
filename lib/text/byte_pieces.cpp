#include "text/byte_pieces.hpp"

#include <charconv>
#include <fmt/format.h>

#include "base/utf8.hpp"

namespace austeer {

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
