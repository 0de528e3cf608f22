#pragma once
// UTF-8: making any bytes valid, and walking valid text one code point at a time.

#include <cstddef>
#include <string>
#include <string_view>

namespace austeer {

// Letters of ASCII, without a locale.

/// `letter` in lower case where it is one of A to Z, else as it stands.
constexpr char lower_ascii(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// `text` with lower_ascii() applied to each byte: UTF-8 stays valid.
inline std::string lower_ascii(std::string_view text) {
  std::string result(text);
  for (char& letter : result) letter = lower_ascii(letter);
  return result;
}

/// `bytes` as valid UTF-8. What is ill-formed becomes U+FFFD, one per maximal subpart (Unicode
/// chapter 3, "substitution of maximal subparts"), which is also what `tokenizers` decodes to.
std::string repair_utf8(std::string_view bytes);

/// How many bytes at the start of `bytes` are valid UTF-8: all of them, or those before the first
/// ill-formed sequence.
std::size_t valid_utf8_prefix(std::string_view bytes);

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  ///< in bytes
};

/// The code point that starts at byte `position` (< size). Where the bytes there are ill-formed:
/// U+FFFD and the length of the part that it stands for, 1 or more.
CodePoint code_point_at(std::string_view text, std::size_t position);

/// The code point that ends before byte `position` (> 0) of valid UTF-8.
CodePoint code_point_before(std::string_view text, std::size_t position);

/// Appends `value` as UTF-8.
void append_utf8(std::string& text, char32_t value);

}  // namespace austeer
