#pragma once
// Any text inside a gnuplot script.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

/// How many characters (code points) a text has.
std::size_t text_length(std::string_view text);

/// `text` on one line, cut to `limit` characters with "…" at the end; the rest as it stands.
std::string short_text(std::string_view text, std::size_t limit);

/// `text` as a gnuplot string that means just this text. Between its double quotes stand only
/// letters, digits, spaces, harmless punctuation and characters beyond ASCII; everything else is an
/// octal escape, so that gnuplot's scanner meets no quote, backquote, "@" or line end.
std::string gnuplot_text(std::string_view text);

/// The same as a tick's label, where gnuplot would read "%" as a number format, wrapped to `width`.
std::string gnuplot_tick(std::string_view text, std::size_t width = 1000);

/// `text` in lines of at most `width` characters where its words allow that, broken at spaces.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// The same in as few lines, of about the same length.
std::vector<std::string> balanced(std::string_view text, std::size_t width);

/// gnuplot_text() over several lines.
std::string gnuplot_text(const std::vector<std::string>& lines);

}  // namespace austeer
