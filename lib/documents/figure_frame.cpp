#include "documents/figure_frame.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace austeer {
namespace {

/// The smallest and the largest of the numbers that it is shown.
class Extent {
 public:
  void add(double value) {
    if (std::isnan(value)) return;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
  void add(const std::optional<Interval>& interval) {
    if (!interval) return;
    add(interval->low);
    add(interval->high);
  }
  Interval range() const { return low_ <= high_ ? Interval{low_, high_} : Interval{0, 1}; }

 private:
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
};

/// `range` with a twenty-fifth of its length at either end; a single value stands in the middle.
Interval with_room(Interval range, Scale scale) {
  if (scale == Scale::log) {
    const double factor = range.low < range.high ? std::pow(range.high / range.low, 0.04) : 2;
    return {range.low / factor, range.high * factor};
  }
  double room = 0.04 * (range.high - range.low);
  if (room == 0) room = range.low == 0 ? 1 : 0.1 * std::abs(range.low);
  return {range.low - room, range.high + room};
}

Interval axis_range(const Axis& axis, Extent extent) {
  if (axis.range) return *axis.range;
  for (const Tick& tick : axis.ticks) extent.add(tick.at);
  return with_room(extent.range(), axis.scale);
}

Frame curves_frame(const Figure& figure, const Curves& curves) {
  Extent x;
  Extent y;
  for (const Curve& curve : curves.curves) {
    for (const Point& point : curve.points) {
      x.add(point.x);
      y.add(point.y);
      y.add(point.interval);
    }
  }
  for (const Reference& reference : curves.references) {
    (reference.vertical ? x : y).add(reference.at);
  }
  return {axis_range(figure.x, x), axis_range(figure.y, y)};
}

Frame bars_frame(const Figure& figure, const Bars& bars) {
  Extent y;
  y.add(0);
  for (const BarSeries& series : bars.series) {
    for (const Bar& bar : series.bars) {
      if (bar.value) y.add(*bar.value);
      y.add(bar.interval);
    }
  }
  for (const Reference& reference : bars.references) y.add(reference.at);
  for (const Tick& tick : figure.y.ticks) y.add(tick.at);
  Interval range = axis_range(figure.y, y);
  if (!figure.y.range) {
    // Bars that all have one sign stand on the frame.
    if (range.low < 0 && y.range().low == 0) range.low = 0;
    if (range.high > 0 && y.range().high == 0 && y.range().low < 0) range.high = 0;
  }
  return {{-0.5, static_cast<double>(bars.groups.size()) - 0.5}, range};
}

Frame map_frame(const HeatMap& map) {
  return {{-0.5, static_cast<double>(map.x_labels.size()) - 0.5},
          {-0.5, static_cast<double>(map.y_labels.size()) - 0.5}};
}

}  // namespace

Frame frame_of(const Figure& figure) {
  if (const auto* curves = std::get_if<Curves>(&figure.content)) {
    return curves_frame(figure, *curves);
  }
  if (const auto* bars = std::get_if<Bars>(&figure.content)) return bars_frame(figure, *bars);
  return map_frame(std::get<HeatMap>(figure.content));
}

Interval color_range(const HeatMap& map) {
  Extent extent;
  if (map.range) {
    extent.add(map.range);
  } else {
    for (const std::vector<double>& row : map.values) {
      for (const double value : row) extent.add(value);
    }
  }
  Interval range = extent.range();
  if (map.centre) {
    const double half = std::max(range.high - *map.centre, *map.centre - range.low);
    range = {*map.centre - half, *map.centre + half};
  }
  if (range.low == range.high) {
    range.low -= 1;
    range.high += 1;
  }
  return range;
}

double bar_width(std::size_t series) { return 0.8 / static_cast<double>(series); }

double bar_position(std::size_t group, std::size_t index, std::size_t series) {
  const double offset = static_cast<double>(index) - 0.5 * static_cast<double>(series - 1);
  return static_cast<double>(group) + offset * bar_width(series);
}

}  // namespace austeer
