#pragma once
// What tokenizers ask of the Unicode character database, through ICU: classes of characters and
// normal forms.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

/// The property White_Space.
bool is_white_space(char32_t value);

/// A letter of a word: Alphabetic, marks, decimal digits, connectors, joiners (UTS 18, \w).
bool is_word_character(char32_t value);

// What BERT's tokenizers tell apart, by the tables of Unicode 8 as the `tokenizers` package has
// them: characters that came later are in none of these classes.

/// Controls, format characters and private use (Cc, Cf, Co).
bool is_control_or_format(char32_t value);
/// A mark that takes no space of its own (Mn).
bool is_nonspacing_mark(char32_t value);
/// Punctuation of any kind (P).
bool is_punctuation(char32_t value);

/// Appends `value` in lower case, by the tables of ICU, as UTF-8: one character, for U+0130 two.
void append_lower_case(std::string& text, char32_t value);

/// Where each grapheme cluster (what a reader takes for one character) of valid UTF-8 `text` ends,
/// in bytes; the last is the text's end.
std::vector<std::size_t> grapheme_ends(std::string_view text);

enum class NormalForm { nfc, nfd, nfkc, nfkd };

/// Valid UTF-8 `text` in a Unicode normal form, by the tables of Unicode 9, as the `tokenizers`
/// package does it: later characters neither compose nor move.
std::string normalise(std::string_view text, NormalForm form);

}  // namespace austeer
