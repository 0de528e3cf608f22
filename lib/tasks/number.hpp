#pragma once
// Numbers in free text: which one is the answer, and how a number is written.

#include <optional>
#include <string>
#include <string_view>

namespace austeer {

/// The number that `text` gives as its answer, or nothing:
///   - after the first "####", the first number there (GSM8K's and the paper's mark);
///   - else in the braces of the last \boxed{}, the first number there;
///   - else after the first "answer:" or "answer is" (any case), the first number there;
///   - else the last number of the text.
/// Before that, what follows a line that opens with "Question:" is left out, where a number stands
/// before it. A mark with no number after it is passed over. A number has digits 0-9, perhaps a
/// sign, one kind of separator between groups of three digits (a comma, a no-break, narrow or thin
/// space, and in LaTeX "{,}", "\,", ",\!"), decimals. A fraction is its quotient, written without
/// spaces ("3/4") or as \frac, \dfrac or \tfrac of two numbers; digits right before such a command
/// are added to it. Exponents are not read, units, percent and currency signs beside it are
/// ignored. A minus sign
/// ("-", U+2212, U+2010, U+2011, U+FE63, U+FF0D) counts only where no letter or digit stands before
/// it, so that "10-3" ends with 3; a dash (U+2012 to U+2014) only where no percent sign, closing
/// bracket or other letter does either: "5%–7%" ends with 7.
std::optional<double> find_number(std::string_view text);

/// `number` as people write it: a whole one without decimals ("4", "-12"), any other with the
/// fewest digits that give it back ("0.875").
std::string number_text(double number);

}  // namespace austeer
