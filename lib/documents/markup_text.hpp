#pragma once
// Any text as HTML and LaTeX show it.

#include <string>
#include <string_view>

namespace austeer {

// Any text inside HTML.

/// `text` for use between tags and inside quoted attributes: &, <, > and quotes as references,
/// ill-formed UTF-8 and control characters (other than tab and line ends) as U+FFFD.
std::string html_text(std::string_view text);

// Any text inside LaTeX.

/// `text` as pdfLaTeX (UTF-8, no packages for fonts or symbols) typesets it letter by letter:
/// special characters, ligatures of hyphens, and characters beyond Latin become commands; one that
/// has none becomes "[U+4E2D]", control characters a space.
std::string latex_text(std::string_view text);

}  // namespace austeer
