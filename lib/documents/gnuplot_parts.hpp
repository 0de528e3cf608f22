#pragma once
// The parts of a gnuplot script: what each kind of content adds to the frame that all have.

#include <cstddef>
#include <string>
#include <vector>

#include "documents/figure.hpp"

namespace austeer {

/// What a kind of content puts into the script.
struct Drawing {
  std::string settings;             ///< lines before the plot command
  std::vector<std::string> plots;   ///< elements of the plot command, the hindmost first
  std::vector<std::string> legend;  ///< elements of the plot command that are legend entries
  std::size_t longest_name = 0;     ///< characters of the longest of those
  std::size_t height = 480;         ///< pixels for all but title and legend
};

/// The width of every figure, in pixels, and about the width of one character.
constexpr std::size_t figure_width = 800;
constexpr std::size_t character_width = 8;

/// Cuts the legend's names, so that one fits across the figure.
constexpr std::size_t longest_legend_name = 80;

Drawing draw_curves(const Curves& curves);
Drawing draw_bars(const Bars& bars);
Drawing draw_map(const HeatMap& map);

/// Adds the entry `name`, drawn in `style` ("lines lc ..."), unless it is "".
void add_legend(Drawing& drawing, const std::string& name, const std::string& style);

/// Adds the lines of `references`, whose data start at row `first`.
void add_references(Drawing& drawing, const std::vector<Reference>& references, std::size_t first);

/// "data skip 1 every ::2::5": the rows from `first` on, counted without the header.
std::string data_rows(std::size_t first, std::size_t count);

/// `set xtics` with these labels at 0, 1, 2, ...: as many as have room on `length` pixels where
/// each takes `size`.
std::string label_ticks(const char* axis, const std::vector<std::string>& labels,
                        std::size_t length, std::size_t size);

/// The colour of the series with that index: told apart by people who are colour-blind.
const char* series_color(std::size_t index);

}  // namespace austeer
