#pragma once
// "Did you mean ...?": the nearest known name to one that was mistyped.

#include <span>
#include <string>
#include <string_view>

namespace austeer {

/// The known name with the smallest edit distance to `name`, or "" when none is close enough
/// (more than a third of its letters would have to change). Names of more than 200 bytes are
/// nobody's typing: they are neither compared nor suggested.
std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// "did you mean 'x'? known: a, b, c" for use as an error's hint. At most 20 names are listed.
std::string suggestion(std::string_view name, std::span<const std::string> known);

}  // namespace austeer
