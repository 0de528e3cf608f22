#pragma once
// JSON of data sets, read as Python's json module reads it: what other programs write there is not
// always JSON by the letter. Configurations are read strictly (base/json.hpp).

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace austeer {

/// Parses `text`; `place` ("train.jsonl:12") opens the FormatError of malformed input and of more
/// than 64 levels. Beyond what parse_json() takes, as Python's json.loads does:
///   - NaN, Infinity and -Infinity, and numbers beyond a double (1e400), are such doubles;
///   - a whole number beyond 64 bits is the text of its digits;
///   - half a surrogate pair ("\ud83d" alone) becomes U+FFFD, as UTF-8 has no room for it;
///   - of a key that stands twice the last value counts.
Json parse_data_json(std::string_view text, const std::string& place);

/// What a text, a finite number, true or false looks like in a prompt: "text", "3", "2.5", "true".
/// Nothing for null, lists, objects, NaN and infinities, which look like nothing.
std::optional<std::string> scalar_text(const Json& value);

/// What `value` is, for messages: "a list", "an object", "null", "NaN" ...
std::string kind_of(const Json& value);

}  // namespace austeer
