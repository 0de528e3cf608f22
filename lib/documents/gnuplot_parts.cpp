#include "documents/gnuplot_parts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "documents/gnuplot_text.hpp"

namespace austeer {

void add_legend(Drawing& drawing, const std::string& name, const std::string& style) {
  const std::string shown = short_text(name, longest_legend_name);
  if (shown.empty()) return;
  drawing.longest_name = std::max(drawing.longest_name, text_length(shown));
  // A plot of nothing: gnuplot 5.4 gives its own "keyentry" a wrong title in SVG.
  drawing.legend.push_back(fmt::format("NaN with {} title {}", style, gnuplot_text(shown)));
}

void add_references(Drawing& drawing, const std::vector<Reference>& references, std::size_t first) {
  constexpr std::array dashes = {"(8,4)", "(2,3)", "(10,3,2,3)", "(14,5)"};
  constexpr std::array colors = {"#333333", "#777777"};
  for (std::size_t i = 0; i < references.size(); ++i) {
    const std::string style = fmt::format("lines lw 1.5 dt {} lc rgb '{}'",
                                          dashes[i % dashes.size()], colors[i % colors.size()]);
    drawing.plots.push_back(
        fmt::format("{} using 1:2 with {} notitle", data_rows(first + 2 * i, 2), style));
    add_legend(drawing, references[i].name, style);
  }
}

std::string data_rows(std::size_t first, std::size_t count) {
  return fmt::format("data skip 1 every ::{}::{}", first, first + count - 1);
}

std::string error_bars(const std::string& rows, const std::string& color) {
  // Double-ended arrows with blunt heads: gnuplot's own error bars blank a circle around the point,
  // and draw those of NaN along the axis.
  return fmt::format(
      "{} using ($2 == $2 ? $1 : NaN):3:(0):($4-$3) with vectors heads size screen 0.006,90 "
      "lc rgb '{}' lw 1.3 dt 1 "
      "notitle",
      rows, color);
}

double round_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const int digit : {1, 2, 5}) {
    if (step <= digit * power * (1 + 1e-9)) return digit * power;
  }
  return 10 * power;
}

std::size_t label_step(std::size_t labels, std::size_t size, std::size_t length) {
  if (labels * size <= length) return 1;
  const double step = static_cast<double>(labels * size) / static_cast<double>(length);
  return static_cast<std::size_t>(std::lround(round_step(step)));
}

std::string tick_list(const std::vector<std::string>& labels, std::size_t step, std::size_t width) {
  std::string list;
  for (std::size_t i = 0; i < labels.size(); i += step) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ",
                        gnuplot_tick(short_text(labels[i], longest_label), width), i);
  }
  return list;
}

void add_x_labels(Drawing& drawing, const std::vector<std::string>& labels, std::size_t length) {
  constexpr std::size_t line_height = 18;
  const std::size_t place = length / std::max<std::size_t>(1, labels.size());
  const std::size_t width = std::max<std::size_t>(2, place / character_width) - 1;
  std::size_t longest = 0;  // characters
  std::size_t lines = 1;
  bool fits = true;  // wrapped, on at most three lines
  for (const std::string& label : labels) {
    const std::vector<std::string> parts = wrapped(short_text(label, longest_label), width);
    lines = std::max(lines, parts.size());
    for (const std::string& part : parts) fits = fits && text_length(part) <= width;
    longest = std::max(longest, std::min(text_length(label), longest_label));
  }
  // Short labels, such as numbers, are left out rather than turned.
  fits = fits && lines <= 3;
  const bool upright = !fits && longest > 4;
  const std::size_t size = upright ? line_height : fits ? 1 : (longest + 1) * character_width;
  const std::size_t step = label_step(labels.size(), size, length);
  if (upright) drawing.height += longest * character_width;
  if (!upright && fits) drawing.extra_tick_lines = lines - 1;
  drawing.settings +=
      fmt::format("set xtics scale 0 {}({})\n", upright ? "rotate by 90 right " : "",
                  tick_list(labels, step, upright || !fits ? longest_label : width));
}

const char* series_color(std::size_t index) {
  // The palette of Okabe and Ito, without its yellow, which is too light for lines on white.
  constexpr std::array colors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                 "#000000", "#e69f00", "#56b4e9"};
  return colors[index % colors.size()];
}

}  // namespace austeer
