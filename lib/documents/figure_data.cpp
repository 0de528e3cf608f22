// A figure's data as tab-separated lines. The script's plots count on the order of the rows.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/utf8.hpp"
#include "documents/figure.hpp"
#include "documents/figure_frame.hpp"

namespace austeer {
namespace {

std::string number_text(double value) { return std::isnan(value) ? "NaN" : fmt::to_string(value); }

/// `text` as the last fields of a line: no tab, no line end, and no double quote, which gnuplot
/// would take for the start of a field that holds tabs.
std::string data_text(const std::string& text) {
  std::string field = repair_utf8(text);
  for (char& letter : field) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) letter = ' ';
    if (letter == '"') letter = '\'';
  }
  return field;
}

std::string interval_text(const std::optional<Interval>& interval) {
  if (!interval) return "NaN\tNaN";
  return number_text(interval->low) + "\t" + number_text(interval->high);
}

std::string reference_rows(const Reference& reference, const Frame& frame, const char* between) {
  const double at = reference.at;
  const Point ends[] = {
      {reference.vertical ? at : frame.x.low, reference.vertical ? frame.y.low : at, {}},
      {reference.vertical ? at : frame.x.high, reference.vertical ? frame.y.high : at, {}}};
  std::string rows;
  for (const Point& end : ends) {
    rows += fmt::format("{}\t{}\tNaN\tNaN\t{}{}\n", number_text(end.x), number_text(end.y), between,
                        data_text(reference.name));
  }
  return rows;
}

std::string curves_data(const Curves& curves, const Frame& frame) {
  std::string text = "x\ty\tlow\thigh\tseries\n";
  for (const Curve& curve : curves.curves) {
    for (const Point& point : curve.points) {
      text += fmt::format("{}\t{}\t{}\t{}\n", number_text(point.x), number_text(point.y),
                          interval_text(point.interval), data_text(curve.name));
    }
  }
  for (const Reference& reference : curves.references) text += reference_rows(reference, frame, "");
  return text;
}

std::string bars_data(const Bars& bars, const Frame& frame) {
  std::string text = "position\tvalue\tlow\thigh\tgroup\tseries\n";
  for (std::size_t s = 0; s < bars.series.size(); ++s) {
    for (std::size_t g = 0; g < bars.groups.size(); ++g) {
      const Bar& bar = bars.series[s].bars[g];
      text +=
          fmt::format("{}\t{}\t{}\t{}\t{}\n", number_text(bar_position(g, s, bars.series.size())),
                      number_text(bar.value.value_or(std::nan(""))), interval_text(bar.interval),
                      data_text(bars.groups[g]), data_text(bars.series[s].name));
    }
  }
  for (const Reference& reference : bars.references) text += reference_rows(reference, frame, "\t");
  return text;
}

std::string map_data(const HeatMap& map) {
  std::string text = "column\trow\tvalue\tx\ty\n";
  for (std::size_t r = 0; r < map.y_labels.size(); ++r) {
    for (std::size_t c = 0; c < map.x_labels.size(); ++c) {
      text += fmt::format("{}\t{}\t{}\t{}\t{}\n", c, r, number_text(map.values[r][c]),
                          data_text(map.x_labels[c]), data_text(map.y_labels[r]));
    }
  }
  return text;
}

}  // namespace

std::string figure_data(const Figure& figure) {
  check(figure);
  const Frame frame = frame_of(figure);
  if (const auto* curves = std::get_if<Curves>(&figure.content)) return curves_data(*curves, frame);
  if (const auto* bars = std::get_if<Bars>(&figure.content)) return bars_data(*bars, frame);
  return map_data(std::get<HeatMap>(figure.content));
}

}  // namespace austeer
