#pragma once
// The parts of a gnuplot script: what each kind of content adds to the frame that all have.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "documents/figure.hpp"

namespace austeer {

// Any text inside a gnuplot script.

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

/// What a kind of content puts into the script.
struct Drawing {
  std::string settings;              ///< lines before the plot command
  std::vector<std::string> plots;    ///< elements of the plot command, the hindmost first
  std::vector<std::string> legend;   ///< elements of the plot command that are legend entries
  std::size_t longest_name = 0;      ///< characters of the longest of those
  std::size_t extra_tick_lines = 0;  ///< lines of the x axis's ticks beyond the first
  std::size_t height = 480;          ///< pixels for all but title and legend
};

/// The width of every figure, in pixels, and about the width of one character.
constexpr std::size_t figure_width = 800;
constexpr std::size_t character_width = 9;

/// Longer names are cut, so that each has room.
constexpr std::size_t longest_label = 30;
constexpr std::size_t longest_legend_name = 58;

Drawing draw_curves(const Curves& curves);
Drawing draw_bars(const Bars& bars);
Drawing draw_map(const HeatMap& map);

/// Adds the entry `name`, drawn in `style` ("lines lc ..."), unless it is "".
void add_legend(Drawing& drawing, const std::string& name, const std::string& style);

/// Adds the lines of `references`, whose data start at row `first`.
void add_references(Drawing& drawing, const std::vector<Reference>& references, std::size_t first);

/// The plot of error bars from columns 3 to 4 of `rows`.
std::string error_bars(const std::string& rows, const std::string& color);

/// "data skip 1 every ::2::5": the rows from `first` on, counted without the header.
std::string data_rows(std::size_t first, std::size_t count);

/// Adds ticks at 0, 1, 2, ... with these labels over `length` pixels of the x axis: wrapped where
/// they are longer than their places, else upright, and as many as there is room for.
void add_x_labels(Drawing& drawing, const std::vector<std::string>& labels, std::size_t length);

/// The least of 1, 2, 5, 10, 20, 50, ... (and 0.5, 0.2, ...) that is not below `step` (> 0).
double round_step(double step);

/// How many labels to step over, so that each has `size` of `length` pixels.
std::size_t label_step(std::size_t labels, std::size_t size, std::size_t length);

/// Every `step`-th label, wrapped to `width` characters, at its index: what `set xtics ()` takes.
std::string tick_list(const std::vector<std::string>& labels, std::size_t step, std::size_t width);

/// The colour of the series with that index: told apart by people who are colour-blind.
const char* series_color(std::size_t index);

}  // namespace austeer
