// What each kind of figure is to gnuplot.
#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "documents/figure_frame.hpp"
#include "documents/gnuplot_parts.hpp"

namespace austeer {

// Bars as gnuplot draws them.

namespace {

/// Neighbours differ in lightness, for greyscale; from the fifth on they are hatched as well.
std::string bar_style(std::size_t index) {
  constexpr std::array colors = {"#0072b2", "#e69f00", "#f0e442", "#009e73",
                                 "#d55e00", "#56b4e9", "#cc79a7", "#555555"};
  constexpr std::array patterns = {4, 5, 1, 2};
  const std::string fill =
      index < 4 ? "solid 1" : fmt::format("pattern {}", patterns[index % patterns.size()]);
  return fmt::format("boxes lc rgb '{}' fs {} border lc rgb '#222222'",
                     colors[index % colors.size()], fill);
}

}  // namespace

Drawing draw_bars(const Bars& bars) {
  Drawing drawing;
  drawing.settings = fmt::format(
      "set boxwidth {} absolute\nset xzeroaxis lt 1 lw 1 lc rgb '#222222'\nset grid noxtics\n",
      bar_width(bars.series.size()));
  add_x_labels(drawing, bars.groups, figure_width - 110);
  const std::size_t groups = bars.groups.size();
  for (std::size_t s = 0; s < bars.series.size(); ++s) {
    drawing.plots.push_back(
        fmt::format("{} using 1:2 with {} notitle", data_rows(s * groups, groups), bar_style(s)));
    add_legend(drawing, bars.series[s].name, bar_style(s));
  }
  for (std::size_t s = 0; s < bars.series.size(); ++s) {
    const auto& series = bars.series[s].bars;
    if (std::none_of(series.begin(), series.end(),
                     [](const Bar& bar) { return bar.interval.has_value(); })) {
      continue;
    }
    drawing.plots.push_back(error_bars(data_rows(s * groups, groups), "#222222"));
  }
  add_references(drawing, bars.references, bars.series.size() * groups);
  return drawing;
}

// Curves as gnuplot draws them.

namespace {

/// How the curve with that index, among those of its kind, is drawn: colour, dash and marker
/// differ, so that greyscale is enough to tell curves apart.
struct CurveStyle {
  std::string color;
  std::string line;   ///< "lw 2.2 dt 1"
  std::string point;  ///< "pt 7 ps 1"
};

CurveStyle curve_style(const Curve& curve, std::size_t index) {
  constexpr std::array dashes = {"1", "(12,4)", "(6,3)", "(12,4,2,4)", "(3,3)"};
  constexpr std::array filled = {7, 5, 9, 13, 11, 6, 4, 8, 12, 10};
  constexpr std::array open = {6, 4, 8, 12, 10, 1, 2, 3};
  if (curve.control) {
    return {"#8c8c8c", fmt::format("lw 1.2 dt {}", dashes[index % dashes.size()]),
            fmt::format("pt {} ps 0.8", open[index % open.size()])};
  }
  return {series_color(index), fmt::format("lw 2.2 dt {}", dashes[index % dashes.size()]),
          fmt::format("pt {} ps 1", filled[index % filled.size()])};
}

/// What follows "with" for the curve itself.
std::string style_text(const Curve& curve, const CurveStyle& style) {
  return curve.mark == Mark::points
             ? fmt::format("points lc rgb '{}' {}", style.color, style.point)
             : fmt::format("linespoints lc rgb '{}' {} {}", style.color, style.line, style.point);
}

bool has_intervals(const Curve& curve) {
  return std::any_of(curve.points.begin(), curve.points.end(),
                     [](const Point& point) { return point.interval.has_value(); });
}

/// Where a curve's data lie.
std::string curve_rows(const Curve& curve, std::size_t first) {
  return data_rows(first, curve.points.size());
}

/// Adds the band of a curve that has one; its data start at row `first`.
void add_band(Drawing& drawing, const Curve& curve, const CurveStyle& style, std::size_t first) {
  if (curve.spread != Spread::band || !has_intervals(curve)) return;
  drawing.plots.push_back(fmt::format(
      "{} using 1:3:4 with filledcurves lc rgb '{}' fs transparent solid 0.18 noborder notitle",
      curve_rows(curve, first), style.color));
}

/// Adds the curve itself and its error bars.
void add_curve(Drawing& drawing, const Curve& curve, const CurveStyle& style, std::size_t first) {
  if (curve.points.empty()) return;
  const std::string rows = curve_rows(curve, first);
  if (curve.spread == Spread::bars && has_intervals(curve)) {
    drawing.plots.push_back(error_bars(rows, style.color));
  }
  // Markers on at most about twenty points of a line: more would hide it.
  const std::string sparse =
      curve.mark == Mark::line ? fmt::format(" pi {}", 1 + curve.points.size() / 21) : "";
  drawing.plots.push_back(
      fmt::format("{} using 1:2 with {}{} notitle", rows, style_text(curve, style), sparse));
}

}  // namespace

Drawing draw_curves(const Curves& curves) {
  struct Placed {
    const Curve& curve;
    CurveStyle style;
    std::size_t first;
  };
  Drawing drawing;
  std::vector<Placed> placed;
  std::size_t rows = 0;
  std::size_t controls = 0;
  std::size_t others = 0;
  for (const Curve& curve : curves.curves) {
    placed.push_back({curve, curve_style(curve, curve.control ? controls++ : others++), rows});
    rows += curve.points.size();
    if (!curve.points.empty())
      add_legend(drawing, curve.name, style_text(curve, placed.back().style));
  }
  // What is added first lies behind.
  for (const Placed& each : placed) add_band(drawing, each.curve, each.style, each.first);
  for (const Placed& each : placed) {
    if (each.curve.control) add_curve(drawing, each.curve, each.style, each.first);
  }
  add_references(drawing, curves.references, rows);
  for (const Placed& each : placed) {
    if (!each.curve.control) add_curve(drawing, each.curve, each.style, each.first);
  }
  return drawing;
}

// A heat map as gnuplot draws it.

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
