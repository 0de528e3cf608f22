#pragma once
// Letters of ASCII, without a locale.

#include <string>
#include <string_view>

namespace austeer {

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

}  // namespace austeer
