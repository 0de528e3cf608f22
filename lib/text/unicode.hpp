#pragma once
// What tokenizers ask of the Unicode character database, through ICU: classes of characters and
// normal forms.

#include <string>
#include <string_view>

namespace austeer {

/// The property White_Space.
bool is_white_space(char32_t value);

/// A letter of a word: Alphabetic, marks, decimal digits, connectors, joiners (UTS 18, \w).
bool is_word_character(char32_t value);

enum class NormalForm { nfc, nfd, nfkc, nfkd };

/// Valid UTF-8 `text` in a Unicode normal form, by the tables of Unicode 9, as the `tokenizers`
/// package does it: later characters neither compose nor move.
std::string normalise(std::string_view text, NormalForm form);

}  // namespace austeer
