#pragma once
// JSONL: one JSON value a line, as data sets hold it (base/data_json.hpp).

#include <functional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace austeer {

/// Calls `use` for each line of `text` that is not blank, with its value and its place, "NAME:12",
/// where `name` says what was read. Throws FormatError, naming the line, for what is no JSON.
void for_each_json_line(
    std::string_view text, const std::string& name,
    const std::function<void(const Json& value, const std::string& place)>& use);

}  // namespace austeer
