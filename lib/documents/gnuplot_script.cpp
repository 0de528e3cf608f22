// The gnuplot script of a figure.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/names.hpp"
#include "documents/figure.hpp"
#include "documents/figure_frame.hpp"
#include "documents/gnuplot_parts.hpp"
#include "documents/gnuplot_text.hpp"

namespace austeer {
namespace {

/// Labels at 1, 2 and 5 of each power of ten: fewer would leave a short axis without any.
std::vector<Tick> log_ticks(const Interval& range) {
  const double decades = std::log10(range.high / range.low);
  std::vector<Tick> ticks;
  for (int power = static_cast<int>(std::floor(std::log10(range.low)));
       std::pow(10, power) <= range.high; ++power) {
    for (const int digit : {1, 2, 5}) {
      if (digit != 1 && decades > 3) continue;
      const double at = digit * std::pow(10, power);
      if (at >= range.low && at <= range.high) ticks.push_back({at, fmt::format("{:g}", at)});
    }
  }
  return ticks;
}

std::string axis_lines(const char* name, const Axis& axis, const Interval& range) {
  std::string text = fmt::format("set {}label {}\nset {}range [{}:{}]\n", name,
                                 gnuplot_text(axis.label), name, range.low, range.high);
  std::vector<Tick> ticks = axis.ticks;
  if (axis.scale == Scale::log) {
    text += fmt::format("set logscale {}\n", name);
    if (ticks.empty()) ticks = log_ticks(range);
  }
  std::string list;
  for (const Tick& tick : ticks) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ",
                        gnuplot_tick(short_text(tick.label, 30)), tick.at);
  }
  if (!list.empty()) text += fmt::format("set {}tics ({})\n", name, list);
  return text;
}

/// How many lines the legend takes below the figure.
std::size_t legend_lines(const Drawing& drawing) {
  if (drawing.legend.empty()) return 0;
  const std::size_t entry = drawing.longest_name * character_width + 60;
  const std::size_t columns = std::max<std::size_t>(1, (figure_width - 40) / entry);
  return (drawing.legend.size() + columns - 1) / columns;
}

Drawing drawing_of(const Figure& figure) {
  if (const auto* curves = std::get_if<Curves>(&figure.content)) return draw_curves(*curves);
  if (const auto* bars = std::get_if<Bars>(&figure.content)) return draw_bars(*bars);
  return draw_map(std::get<HeatMap>(figure.content));
}

std::string terminals(const std::string& name, std::size_t height, const std::string& plot) {
  return fmt::format(
      "set terminal svg size {0},{1} fixed noenhanced font 'sans-serif,14' background '#ffffff'\n"
      "set output '{2}.svg'\n{3}"
      "set terminal pngcairo size {4},{5} noenhanced font 'sans,14' fontscale 2 linewidth 2 "
      "pointscale 2 background '#ffffff'\n"
      "set output '{2}.png'\nreplot\nset output\n",
      figure_width, height, name, plot, 2 * figure_width, 2 * height);
}

}  // namespace

std::string gnuplot_script(const Figure& figure, const std::string& name) {
  check(figure);
  if (!is_plain_name(name)) {
    throw UsageError({fmt::format("[figure] '{}': its file name", figure.title),
                      "letters, digits, '.', '_' and '-'", fmt::format("'{}'", name), ""});
  }
  const Frame frame = frame_of(figure);
  Drawing drawing = drawing_of(figure);
  std::size_t title_lines = 0;
  std::string text = fmt::format(
      "# Draws {0}.svg and {0}.png from {0}.tsv: run `gnuplot {0}.gnuplot` in this folder.\n"
      "reset\nset encoding utf8\nset datafile separator tab\n"
      "set border 3 lw 1 lc rgb '#444444'\nset tics nomirror textcolor rgb '#000000'\n"
      "set grid lt 1 lw 0.7 lc rgb '#dddddd'\nset style fill solid 1\n"
      "set key below center horizontal Left reverse samplen 3 spacing 1.2\ndata = '{0}.tsv'\n",
      name);
  if (!figure.title.empty()) {
    text += fmt::format("set title {} font ',16'\n", gnuplot_lines(figure.title, 84, title_lines));
  }
  const bool map = std::holds_alternative<HeatMap>(figure.content);
  const Interval y = map ? Interval{frame.y.high, frame.y.low} : frame.y;  // row 0 on top
  text += axis_lines("x", figure.x, frame.x) + axis_lines("y", figure.y, y) + drawing.settings;
  std::string plot;
  for (const auto& parts : {drawing.plots, drawing.legend}) {
    for (const std::string& part : parts) plot += (plot.empty() ? "plot " : ", \\\n  ") + part;
  }
  const std::size_t height = drawing.height + 24 * (title_lines + legend_lines(drawing));
  return text + terminals(name, height, plot + "\n");
}

}  // namespace austeer
