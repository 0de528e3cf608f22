#pragma once
// Any text inside LaTeX.

#include <string>
#include <string_view>

namespace austeer {

/// `text` as pdfLaTeX (UTF-8, no packages for fonts or symbols) typesets it letter by letter:
/// special characters, ligatures of hyphens, and characters beyond Latin become commands; one that
/// has none becomes "[U+4E2D]", control characters a space.
std::string latex_text(std::string_view text);

}  // namespace austeer
