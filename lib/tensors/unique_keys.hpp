#pragma once
// JSON keeps the last of two equal keys without a word; in a file that names tensors that would
// hide one of them.

#include <string>
#include <string_view>

namespace austeer {

/// Throws FormatError when an object in `text` has a key twice, more than 100,000 keys, or is
/// nested deeper than 8 levels. Malformed text is left for parse_json to report.
void refuse_duplicate_keys(std::string_view text, const std::string& place);

}  // namespace austeer
