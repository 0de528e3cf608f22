#pragma once
// Any text inside a gnuplot script.

#include <cstddef>
#include <string>
#include <string_view>

namespace austeer {

/// How many characters (code points) a text has.
std::size_t text_length(std::string_view text);

/// `text` on one line, cut to `limit` characters with "…" at the end; the rest as it stands.
std::string short_text(std::string_view text, std::size_t limit);

/// `text` as a gnuplot string that means just this text. Between its double quotes stand only
/// letters, digits, spaces, harmless punctuation and characters beyond ASCII; everything else is an
/// octal escape, so that gnuplot's scanner meets no quote, backquote, "@" or line end.
std::string gnuplot_text(std::string_view text);

/// The same as a tick's label, where gnuplot would read "%" as a number format.
std::string gnuplot_tick(std::string_view text);

/// The same over as many lines as it takes with `width` characters on each, broken at spaces.
std::string gnuplot_lines(std::string_view text, std::size_t width, std::size_t& lines);

}  // namespace austeer
