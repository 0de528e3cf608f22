// Curves as gnuplot draws them.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "documents/gnuplot_parts.hpp"

namespace austeer {
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

}  // namespace austeer
