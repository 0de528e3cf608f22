#pragma once
// Numbers in free text: which one is the answer, and how a number is written.

#include <optional>
#include <string>
#include <string_view>

namespace austeer {

/// The number that `text` gives as its answer, or nothing:
///   - after the first "####", the first number there (GSM8K's and the paper's mark);
///   - else after the first "answer:" or "answer is" (any case), the first number there;
///   - else the last number of the text.
/// Before that, what follows a line that opens with "Question:" is left out, where a number stands
/// before it. A mark with no number after it is passed over. A number has digits 0-9, perhaps a
/// sign, commas between groups of three digits, decimals; a fraction written without spaces ("3/4")
/// is its quotient. Exponents are not read, units and currency signs beside it are ignored. "-" is
/// a sign only where no letter or digit stands before it, so that "10-3" ends with 3.
std::optional<double> find_number(std::string_view text);

/// `number` as people write it: a whole one without decimals ("4", "-12"), any other with the
/// fewest digits that give it back ("0.875").
std::string number_text(double number);

}  // namespace austeer
