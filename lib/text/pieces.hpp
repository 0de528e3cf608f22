#pragma once
// What every vocabulary must hold, whatever file it comes from.

#include <span>
#include <string>

namespace austeer {

/// Throws FormatError, opened by `place` and naming the token by its id, unless every piece is
/// UTF-8 text without NUL, not empty, and stands once. `pieces` are in id order.
void check_pieces(std::span<const std::string> pieces, const std::string& place);

}  // namespace austeer
