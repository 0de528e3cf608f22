#pragma once
// Any text inside HTML.

#include <string>
#include <string_view>

namespace austeer {

/// `text` for use between tags and inside quoted attributes: &, <, > and quotes as references,
/// ill-formed UTF-8 and control characters (other than tab and line ends) as U+FFFD.
std::string html_text(std::string_view text);

}  // namespace austeer
