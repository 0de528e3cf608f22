#pragma once
// The rule by which the paper's code scores word problems, beside the project's own
// (tasks/number.hpp).

#include <optional>
#include <string_view>

namespace austeer {

/// The number that `text` answers with by the published code, or nothing. The text is cut behind
/// the first `mark` ("####"; SVAMP: "Answer"): of what begins there, two words are kept. In what is
/// left, a number right behind a "####" counts, else the last one. A number is digits with a sign
/// that stands right before them and decimals: a comma or a slash ends it, so that "1,200" is 200
/// and "3/4" is 4. White space is Unicode's, digits are 0-9. Source: utils.py of the paper's
/// repository.
std::optional<double> find_published_number(std::string_view text, std::string_view mark);

/// Both texts give a number by that rule, and the two are the same to the bit.
bool number_match_published(std::string_view generated, std::string_view gold,
                            std::string_view mark);

}  // namespace austeer
