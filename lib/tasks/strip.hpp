#pragma once
// White space at the ends of a text, as Unicode knows it.

#include <string_view>

namespace austeer {

/// `text` (UTF-8) without the white space at its ends: the characters that Python's str.strip()
/// removes, so the no-break and ideographic spaces too.
std::string_view stripped(std::string_view text);

/// `text` up to its first white space.
std::string_view first_word(std::string_view text);

}  // namespace austeer
