#pragma once
// The byte-level alphabet of GPT-2: each of the 256 bytes is written as one printable character,
// so that pieces of any bytes can stand in a JSON file.

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace austeer {

/// The character of each byte: printable Latin-1 is itself, the other 68 follow from U+0100.
const std::array<char32_t, 256>& byte_level_alphabet();

/// The bytes that a piece stands for, or nullopt when it has a character outside the alphabet or is
/// not UTF-8.
std::optional<std::string> bytes_of_piece(std::string_view piece);

}  // namespace austeer
