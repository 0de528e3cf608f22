#include "documents/figure.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "documents/figure_frame.hpp"

namespace austeer {

// Whether a figure can be drawn.

namespace {

class FigureCheck {
 public:
  explicit FigureCheck(const Figure& figure) : figure_(figure) {}

  void operator()(const Curves& curves) const {
    axis(figure_.x, "x");
    axis(figure_.y, "y");
    bool any = false;
    for (const Curve& curve : curves.curves) {
      const std::string place = fmt::format("curve '{}'", curve.name);
      for (const Point& point : curve.points) {
        if (std::isnan(point.x)) refuse(place, "a number as each x", "NaN");
        value(point.x, figure_.x, place);
        value(point.y, figure_.y, place);
        interval(point.interval, figure_.y, place);
        any = any || !std::isnan(point.y);
      }
    }
    if (!any) refuse("curves", "at least one point", "none");
    for (const Reference& reference : curves.references) {
      reference_line(reference, reference.vertical ? figure_.x : figure_.y);
    }
  }

  void operator()(const Bars& bars) const {
    labels_only(figure_.x, "x");
    axis(figure_.y, "y");
    if (figure_.y.scale == Scale::log) refuse("bars from zero", "a linear y axis", "a log one");
    bool any = false;
    for (const BarSeries& series : bars.series) {
      const std::string place = fmt::format("bars '{}'", series.name);
      same_size(place, bars.groups.size(), series.bars.size());
      for (const Bar& bar : series.bars) {
        value(bar.value.value_or(0), figure_.y, place);
        interval(bar.interval, figure_.y, place);
        any = any || (bar.value && !std::isnan(*bar.value));
      }
    }
    if (!any) refuse("bars", "at least one value", "none");
    for (const Reference& reference : bars.references) {
      if (reference.vertical) refuse("bars", "horizontal references", "a vertical one");
      reference_line(reference, figure_.y);
    }
  }

  void operator()(const HeatMap& map) const {
    labels_only(figure_.x, "x");
    labels_only(figure_.y, "y");
    same_size("heat map's rows", map.y_labels.size(), map.values.size());
    bool any = false;
    for (const std::vector<double>& row : map.values) {
      same_size("heat map's row", map.x_labels.size(), row.size());
      for (const double number : row) {
        value(number, Axis{}, "heat map");
        any = any || !std::isnan(number);
      }
    }
    if (!any) refuse("heat map", "at least one value", "none");
    if (map.range) proper_range(*map.range, "colour");
    if (map.centre && !std::isfinite(*map.centre)) refuse("heat map", "a finite centre", "another");
    if (map.decimals && (*map.decimals < 0 || *map.decimals > 9)) {
      refuse("heat map", "0 to 9 decimals", std::to_string(*map.decimals));
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& place, const std::string& expected,
                           const std::string& found) const {
    throw UsageError({fmt::format("[figure] '{}': {}", figure_.title, place), expected, found, ""});
  }

  void value(double number, const Axis& axis, const std::string& place) const {
    if (std::isinf(number)) refuse(place, "finite values", fmt::to_string(number));
    if (axis.scale == Scale::log && number <= 0) {
      refuse(place, "values above zero on a logarithmic axis", fmt::to_string(number));
    }
  }

  void interval(const std::optional<Interval>& interval, const Axis& axis,
                const std::string& place) const {
    if (!interval) return;
    value(interval->low, axis, place);
    value(interval->high, axis, place);
    if (!(interval->low <= interval->high)) {
      refuse(place, "intervals from low to high",
             fmt::format("from {} to {}", interval->low, interval->high));
    }
  }

  void proper_range(const Interval& range, const std::string& name) const {
    if (std::isfinite(range.low) && std::isfinite(range.high) && range.low < range.high) return;
    refuse(name + " range", "from low to high",
           fmt::format("from {} to {}", range.low, range.high));
  }

  void axis(const Axis& axis, const std::string& name) const {
    const std::string place = name + " axis";
    if (axis.range) {
      proper_range(*axis.range, name);
      value(axis.range->low, axis, place);
    }
    for (const Tick& tick : axis.ticks) {
      if (std::isnan(tick.at)) refuse(place, "a number for each tick", "NaN");
      value(tick.at, axis, place);
    }
  }

  void labels_only(const Axis& axis, const std::string& name) const {
    if (axis.scale == Scale::linear && !axis.range && axis.ticks.empty()) return;
    refuse(name + " axis", "a label only: the content sets its ticks", "a scale, range or ticks");
  }

  void reference_line(const Reference& reference, const Axis& axis) const {
    const std::string place = fmt::format("reference '{}'", reference.name);
    if (std::isnan(reference.at)) refuse(place, "a number", "NaN");
    value(reference.at, axis, place);
  }

  void same_size(const std::string& place, std::size_t expected, std::size_t found) const {
    if (expected == found) return;
    refuse(place, fmt::format("{} values, one for each label", expected), std::to_string(found));
  }

  const Figure& figure_;
};

}  // namespace

void check(const Figure& figure) { std::visit(FigureCheck(figure), figure.content); }

// A figure's data as tab-separated lines. The script's plots count on the order of the rows.

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
