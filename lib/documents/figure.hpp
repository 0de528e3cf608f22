#pragma once
// A figure as a reader sees it: axes, and curves, bars or a heat map between them. It knows nothing
// of what it shows. draw() writes its data, a gnuplot script, and what gnuplot makes of them.

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "statistics/interval.hpp"

namespace austeer {

enum class Scale { linear, log };

struct Tick {
  double at = 0;
  std::string label;
};

struct Axis {
  std::string label;  ///< what is measured, with its unit
  Scale scale = Scale::linear;
  std::optional<Interval> range;  ///< default: all of the content and a little room
  std::vector<Tick> ticks;        ///< in place of those that are chosen otherwise
};

/// A straight line across the figure, such as a baseline's value.
struct Reference {
  std::string name;
  double at = 0;
  bool vertical = false;  ///< at an x instead of a y; never in Bars
};

struct Point {
  double x = 0;
  double y = 0;                      ///< NaN: a gap in the curve
  std::optional<Interval> interval;  ///< around y, such as a confidence interval
};

enum class Mark { line, points };  ///< line: points joined, in the order given
enum class Spread { bars, band };  ///< how intervals are drawn

struct Curve {
  std::string name;  ///< in the legend; "": not there
  std::vector<Point> points;
  Mark mark = Mark::line;
  Spread spread = Spread::bars;
  bool control = false;  ///< drawn thin, grey and behind the others
};

/// Lines, scatter plots and frontiers.
struct Curves {
  std::vector<Curve> curves;
  std::vector<Reference> references;
};

/// A bar of a group; its `value` absent or NaN leaves its place empty.
struct Bar {
  std::optional<double> value;
  std::optional<Interval> interval;
};

struct BarSeries {
  std::string name;
  std::vector<Bar> bars;  ///< one for each group
};

/// Bars from zero, side by side in groups along x.
struct Bars {
  std::vector<std::string> groups;
  std::vector<BarSeries> series;
  std::vector<Reference> references;
};

/// A matrix of colours. Row 0 is the top one.
struct HeatMap {
  std::vector<std::string> x_labels;        ///< one for each column
  std::vector<std::string> y_labels;        ///< one for each row
  std::vector<std::vector<double>> values;  ///< [rows, columns]; NaN: blank
  std::string scale_label;                  ///< of the colour bar, with its unit
  std::optional<Interval> range;            ///< of the colours; default: the values'
  std::optional<double> centre;  ///< two colours that meet here, such as "no change" at 0
  std::optional<int>
      decimals;  ///< values are printed, with as many, where cells have room for them
};

/// Of Bars the x axis, of a HeatMap both axes have labels only: their ticks are the content's.
struct Figure {
  std::string title;
  Axis x;
  Axis y;
  std::variant<Curves, Bars, HeatMap> content;
};

/// Throws UsageError for what cannot be drawn: nothing at all, an infinite value, zero or less on a
/// logarithmic axis, an interval whose ends are swapped, rows of different lengths, a scale, range
/// or ticks where the content sets them.
void check(const Figure& figure);

/// The data as tab-separated lines under a header: x, y, low, high, series for Curves; position,
/// value, low, high, group, series for Bars; column, row, value, x, y for a HeatMap; "NaN" for what
/// is absent. Throws UsageError as check() does.
std::string figure_data(const Figure& figure);

/// The gnuplot script that draws NAME.svg and NAME.png (800 pixels wide and twice that) from
/// NAME.tsv. No text of the figure can be more to gnuplot than a text. Throws UsageError as check()
/// does and for a name that is no plain one (base/names.hpp).
std::string gnuplot_script(const Figure& figure, const std::string& name);

/// Writes STEM.tsv and STEM.gnuplot, and by running gnuplot STEM.svg and STEM.png: the same bytes
/// for the same figure. The folder must exist. Throws UsageError as gnuplot_script() does,
/// FileError when a file cannot be written, when gnuplot is missing and when it fails, with its
/// message; older pictures are then left as they were.
void draw(const Figure& figure, const std::filesystem::path& stem);

}  // namespace austeer
