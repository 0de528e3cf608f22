#include "studies/figure_words.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <limits>
#include <vector>

namespace austeer {
namespace {

constexpr std::size_t most_bars_in_words = 40;

std::string figure_number(double value) {
  if (std::abs(value) < 10) return fmt::format("{:.3g}", value);
  const bool is_whole = std::abs(value - std::round(value)) < 0.05;
  return fmt::format("{:.{}f}", value, is_whole ? 0 : 1);
}

/// Puts what a figure's content shows into words.
class FigureWords {
 public:
  explicit FigureWords(const Figure& figure) : figure_(figure) {}

  std::string operator()(const Curves& curves) const {
    std::vector<std::string> parts;
    for (const Curve& curve : curves.curves) parts.push_back(words_of(curve));
    return fmt::format("Curves of {} over {}. {}{}", figure_.y.label, figure_.x.label,
                       fmt::join(parts, " "), words_of(curves.references));
  }

  std::string operator()(const Bars& bars) const {
    const bool all = bars.groups.size() * bars.series.size() <= most_bars_in_words;
    std::vector<std::string> parts;
    for (const BarSeries& series : bars.series) {
      parts.push_back(fmt::format("{}: {}.", series.name,
                                  all ? every_bar(bars, series) : extreme_bars(bars, series)));
    }
    return fmt::format("Bars of {}. {}{}", figure_.y.label, fmt::join(parts, " "),
                       words_of(bars.references));
  }

  std::string operator()(const HeatMap& map) const {
    std::size_t high_row = 0, high_column = 0, low_row = 0, low_column = 0;
    double high = -std::numeric_limits<double>::infinity(), low = -high;
    for (std::size_t row = 0; row < map.values.size(); ++row) {
      for (std::size_t column = 0; column < map.values[row].size(); ++column) {
        const double value = map.values[row][column];
        if (value > high) high = value, high_row = row, high_column = column;
        if (value < low) low = value, low_row = row, low_column = column;
      }
    }
    const auto at = [&](std::size_t row, std::size_t column) {
      return fmt::format("{} {} and {} {}", figure_.x.label, map.x_labels[column], figure_.y.label,
                         map.y_labels[row]);
    };
    return fmt::format(
        "Heat map of {}, {} values of {} across and {} of {} down. Highest: {} at {}. Lowest: {} "
        "at {}.",
        map.scale_label, map.x_labels.size(), figure_.x.label, map.y_labels.size(), figure_.y.label,
        figure_number(high), at(high_row, high_column), figure_number(low),
        at(low_row, low_column));
  }

 private:
  static std::string words_of(const Curve& curve) {
    std::vector<Point> points;
    std::ranges::copy_if(curve.points, std::back_inserter(points),
                         [](const Point& point) { return !std::isnan(point.y); });
    if (points.empty()) return fmt::format("{}: nothing.", curve.name);
    const auto at = [](const Point& point) {
      return fmt::format("{} at {}", figure_number(point.y), figure_number(point.x));
    };
    if (points.size() == 1) return fmt::format("{}: {}.", curve.name, at(points.front()));
    const auto [low, high] = std::ranges::minmax_element(points, {}, &Point::y);
    const auto ends = std::minmax(points.front().y, points.back().y);
    std::string words =
        fmt::format("{}: from {} to {}", curve.name, at(points.front()), at(points.back()));
    if (high->y > ends.second) words += ", highest " + at(*high);
    if (low->y < ends.first) words += ", lowest " + at(*low);
    return words + ".";
  }

  static std::string every_bar(const Bars& bars, const BarSeries& series) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < bars.groups.size(); ++i) {
      const double value = series.bars[i].value.value_or(std::nan(""));
      values.push_back(fmt::format("{} ({})", std::isnan(value) ? "missing" : figure_number(value),
                                   bars.groups[i]));
    }
    return fmt::format("{}", fmt::join(values, ", "));
  }

  static std::string extreme_bars(const Bars& bars, const BarSeries& series) {
    const auto value = [&](std::size_t i) { return series.bars[i].value.value_or(std::nan("")); };
    std::vector<std::size_t> there;
    for (std::size_t i = 0; i < bars.groups.size(); ++i) {
      if (!std::isnan(value(i))) there.push_back(i);
    }
    if (there.empty()) return "nothing";
    const auto [low, high] = std::ranges::minmax_element(there, {}, value);
    return fmt::format("{} bars, highest {} for {}, lowest {} for {}", there.size(),
                       figure_number(value(*high)), bars.groups[*high], figure_number(value(*low)),
                       bars.groups[*low]);
  }

  static std::string words_of(const std::vector<Reference>& references) {
    std::string words;
    for (const Reference& reference : references) {
      words += fmt::format(" Line: {} {}.", reference.name, figure_number(reference.at));
    }
    return words;
  }

  const Figure& figure_;
};

}  // namespace

std::string figure_words(const Figure& figure) {
  return std::visit(FigureWords(figure), figure.content);
}

}  // namespace austeer
