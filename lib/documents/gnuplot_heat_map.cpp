// A heat map as gnuplot draws it.
#include <algorithm>
#include <fmt/format.h>

#include "documents/figure_frame.hpp"
#include "documents/gnuplot_parts.hpp"
#include "documents/gnuplot_text.hpp"

namespace austeer {
namespace {

constexpr std::size_t map_width = figure_width - 230;  // pixels of the cells, about

std::size_t longest_label(const std::vector<std::string>& labels) {
  std::size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, text_length(label));
  return longest;
}

/// From light to dark, or where there is a centre from dark over light to dark.
std::string map_palette(const HeatMap& map) {
  const Interval range = color_range(map);
  const char* colors = map.centre ? "0 '#8a3a00', 0.25 '#e08a4a', 0.5 '#f4f4f4', 0.75 '#4f97c9', "
                                    "1 '#00436e'"
                                  : "0 '#eef3f8', 0.35 '#9cc3e0', 0.7 '#2f7ab8', 1 '#08305a'";
  return fmt::format("set palette defined ({})\nset cbrange [{}:{}]\nset cblabel {}\n", colors,
                     range.low, range.high, gnuplot_text(map.scale_label));
}

/// Whether each value has room in its cell.
bool values_fit(const HeatMap& map, std::size_t height) {
  const Interval range = color_range(map);
  const std::size_t length = std::max(fmt::format("{:.{}f}", range.low, *map.decimals).size(),
                                      fmt::format("{:.{}f}", range.high, *map.decimals).size());
  return map_width / map.x_labels.size() >= length * character_width &&
         height / map.y_labels.size() >= 18;
}

/// The values in their cells, in white where the cell is dark.
std::string map_values(const HeatMap& map) {
  const Interval range = color_range(map);
  const double middle = (range.low + range.high) / 2;
  const std::string dark =
      map.centre ? fmt::format("abs($3 - ({})) > {}", middle, 0.3 * (range.high - range.low))
                 : fmt::format("$3 > {}", range.low + 0.55 * (range.high - range.low));
  return fmt::format(
      "data skip 1 using 1:($3 == $3 ? $2 : NaN):(sprintf('%.{}f', $3)):"
      "({} ? 0xffffff : 0x000000) with labels textcolor rgb variable notitle",
      *map.decimals, dark);
}

std::vector<std::string> short_labels(const std::vector<std::string>& labels) {
  std::vector<std::string> cut;
  for (const std::string& label : labels) cut.push_back(short_text(label, 30));
  return cut;
}

}  // namespace

Drawing draw_map(const HeatMap& map) {
  Drawing drawing;
  const std::size_t cells_height = std::clamp<std::size_t>(map.y_labels.size() * 26, 260, 800);
  drawing.height = cells_height + 120;
  const std::vector<std::string> x_labels = short_labels(map.x_labels);
  const std::size_t label_width = (longest_label(x_labels) + 1) * character_width;
  // Upright labels would touch: they are slanted, and left out where even so there are too many.
  const bool slanted = longest_label(x_labels) > 3 && label_width * x_labels.size() > map_width;
  if (slanted) {
    drawing.settings += "set xtics rotate by 35 right\n";
    drawing.height += longest_label(x_labels) * 4;
  }
  drawing.settings += label_ticks("x", x_labels, map_width, slanted ? 18 : label_width) +
                      label_ticks("y", short_labels(map.y_labels), cells_height, 18) +
                      "unset grid\nset border 15 front\n" + map_palette(map);
  drawing.plots.push_back(
      "data skip 1 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 "
      "with boxxyerror fs solid 1 noborder fc palette notitle");
  if (map.decimals && values_fit(map, cells_height)) drawing.plots.push_back(map_values(map));
  return drawing;
}

}  // namespace austeer
