#pragma once
// JSON keeps the last of two equal keys without a word; in a file that names tensors that would
// hide one of them.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace austeer {

/// An object finds a key without going through all others, as a Json, which keeps their order,
/// does; so a file cannot make the reading of its names quadratic.
using SortedJson = nlohmann::json;

/// Parses `text`. Throws FormatError, opened by `place`, when it is malformed, is not an object, or
/// holds an object that has a key twice, more than 100,000 keys, or is nested deeper than 8 levels.
SortedJson parse_unique_keys(std::string_view text, const std::string& place);

/// Throws FormatError, opened by `place`, unless `value` is an object.
void require_object(const SortedJson& value, const std::string& place);

/// The text that stands at `key`. Throws FormatError, opened by `place`, when it is none.
std::string text_at(const std::string& key, const SortedJson& value, const std::string& place);

}  // namespace austeer
