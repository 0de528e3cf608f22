// A heat map as gnuplot draws it.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "documents/figure_frame.hpp"
#include "documents/gnuplot_parts.hpp"
#include "documents/gnuplot_text.hpp"

namespace austeer {
namespace {

/// Where the cells end, as a share of the figure's width: the colour bar and its label follow.
constexpr double map_end = 0.81;

/// Pixels of the cells from left to right. gnuplot leaves more room for labels than they take.
std::size_t map_width(const HeatMap& map) {
  std::size_t longest = 0;
  for (const std::string& label : map.y_labels) {
    longest = std::max(longest, text_length(short_text(label, longest_label)));
  }
  return static_cast<std::size_t>(map_end * figure_width) - 45 - 12 * longest;
}

/// From light to dark, or where there is a centre from dark over light to dark.
std::string map_palette(const HeatMap& map) {
  const Interval range = color_range(map);
  const char* colors = map.centre ? "0 '#8a3a00', 0.25 '#e08a4a', 0.5 '#f4f4f4', 0.75 '#4f97c9', "
                                    "1 '#00436e'"
                                  : "0 '#eef3f8', 0.35 '#9cc3e0', 0.7 '#2f7ab8', 1 '#08305a'";
  return fmt::format("set palette defined ({})\nset cbrange [{}:{}]\nset cblabel {} offset 1\n",
                     colors, range.low, range.high, gnuplot_text(map.scale_label));
}

/// The cells. Each reaches half a pixel under the next ones: there would be light seams otherwise.
std::string map_cells(const HeatMap& map, std::size_t height) {
  const double right =
      0.5 + 0.5 * static_cast<double>(map.x_labels.size()) / static_cast<double>(map_width(map));
  const double below =
      0.5 + 0.5 * static_cast<double>(map.y_labels.size()) / static_cast<double>(height);
  return fmt::format(
      "data skip 1 using 1:2:($1-0.5):($1+{:.4f}):($2-0.5):($2+{:.4f}):3 "
      "with boxxyerror fs solid 1 noborder fc palette notitle",
      right, below);
}

/// Whether each value has room in its cell.
bool values_fit(const HeatMap& map, std::size_t height) {
  const Interval range = color_range(map);
  const std::size_t length = std::max(fmt::format("{:.{}f}", range.low, *map.decimals).size(),
                                      fmt::format("{:.{}f}", range.high, *map.decimals).size());
  return map_width(map) / map.x_labels.size() >= length * character_width &&
         height / map.y_labels.size() >= 18;
}

/// The values in their cells, in white where the cell is dark.
std::string map_values(const HeatMap& map) {
  const Interval range = color_range(map);
  const double middle = (range.low + range.high) / 2;
  const std::string dark =
      map.centre ? fmt::format("abs($3 - ({})) > {}", middle, 0.34 * (range.high - range.low))
                 : fmt::format("$3 > {}", range.low + 0.7 * (range.high - range.low));
  return fmt::format(
      "data skip 1 using 1:($3 == $3 ? $2 : NaN):(gprintf('%.{}f', abs($3) < {} ? 0 : $3)):"
      "({} ? 0xffffff : 0x000000) with labels textcolor rgb variable notitle",
      *map.decimals, 0.5 * std::pow(10, -*map.decimals), dark);
}

}  // namespace

Drawing draw_map(const HeatMap& map) {
  Drawing drawing;
  const std::size_t cells_height = std::clamp<std::size_t>(map.y_labels.size() * 26, 260, 800);
  drawing.height = cells_height + 120;
  // As many row labels as there are lines of text.
  const std::size_t step = label_step(map.y_labels.size(), 18, cells_height);
  drawing.settings = fmt::format(
      "set ytics scale 0 ({})\nunset grid\nset border 15 front\nset rmargin at screen {}\n{}",
      tick_list(map.y_labels, step, longest_label), map_end, map_palette(map));
  add_x_labels(drawing, map.x_labels, map_width(map));
  drawing.plots.push_back(map_cells(map, cells_height));
  if (map.decimals && values_fit(map, cells_height)) drawing.plots.push_back(map_values(map));
  return drawing;
}

}  // namespace austeer
