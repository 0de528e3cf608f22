#include "reports/figure_source.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "reports/findings.hpp"
#include "studies/axes.hpp"
#include "studies/study_numbers.hpp"
#include "studies/variant.hpp"

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

void FigureSource::miss(const std::string& what) const {
  throw MissingResults("plot", fmt::format("{} in {}", what, folder.root().string()),
                       fmt::format("`austeer sweep {} --out {}` runs what is missing",
                                   study.file.string(), folder.root().string()));
}

const EntryResults& FigureSource::entry(const StudyTask& of, const std::string& method) const {
  const EntryResults* found = find_results(results, model, of.name, method);
  if (found == nullptr || !found->done) {
    miss(fmt::format("{} on {} ({}) has no results", method, of.name, model));
  }
  return *found;
}

Ranking FigureSource::ranking(const EntryResults& found) const {
  chosen_variant(found);
  const std::filesystem::path file = folder.ranking(found.ranking);
  if (found.ranking.empty() || !std::filesystem::exists(file)) {
    miss(entry_words(study, found.entry) + " has no ranking file");
  }
  return load_ranking(file);
}

std::string FigureSource::title(const FigureSpec& spec, const std::string& otherwise) const {
  if (spec.title.empty()) return otherwise;
  return which.empty() ? spec.title : fmt::format("{}: {}", spec.title, which);
}

std::string FigureSource::place_words() const {
  if (task == nullptr) return model;
  return study.models.size() < 2 ? task->name : fmt::format("{} ({})", task->name, model);
}

std::size_t chosen_variant(const EntryResults& found) {
  if (found.chosen) return *found.chosen;
  throw MissingResults(
      "plot", fmt::format("no variant of {} could be carried out", entry_text(found.entry)));
}

namespace {

constexpr std::array words_of_axes = {
    std::pair{"plan.k", "k (units steered)"},
    std::pair{"plan.alpha", "\u03B1 (strength)"},
    std::pair{"plan.layer", "layer"},
    std::pair{"plan.units", "units (layer:dimension)"},
    std::pair{"plan.suppress", "share of the units that is suppressed"},
    std::pair{"rank.pairs", "pairs that units are ranked by"},
};

}  // namespace

Slice slice_along(const EntryResults& found, const std::vector<std::string>& axes) {
  const StudyMethod& method = *found.entry.method;
  const Variant& chosen = method.variants.at(chosen_variant(found));
  std::vector<std::string> others;
  for (const std::string& axis : method.axes) {
    if (std::ranges::find(axes, axis) == axes.end()) others.push_back(axis);
  }
  Slice slice{{}, variant_text(chosen, others)};
  for (std::size_t i = 0; i < method.variants.size(); ++i) {
    const bool is_in = std::ranges::all_of(others, [&](const std::string& axis) {
      return axis_value(method.variants[i], axis) == axis_value(chosen, axis);
    });
    if (is_in) slice.variants.push_back(i);
  }
  return slice;
}

const Measured* measured_variant(const EntryResults& found, std::size_t variant) {
  if (variant >= found.choice.size()) return nullptr;
  const std::optional<Measured>& measured = found.choice[variant].measured;
  return measured ? &*measured : nullptr;
}

std::string axis_label(const std::string& axis) {
  for (const auto& [name, words] : words_of_axes) {
    if (axis == name) return words;
  }
  return axis_name(axis);
}

std::string point_words(const StudyMethod& method, std::size_t variant,
                        const std::vector<std::string>& axes) {
  return variant_text(method.variants.at(variant), axes);
}

double in_percent(double share) { return std::round(1e8 * share) / 1e6; }

Interval in_percent(const Interval& share) {
  return {in_percent(share.low), in_percent(share.high)};
}

std::string score_label(const Measured& measured) {
  if (measured.is_judged) return "win rate against the unsteered model (%)";
  return measured.is_detoxification ? "answers that are not toxic (%)" : "accuracy (%)";
}

const Measured& first_measured(const std::vector<const Measured*>& measured) {
  for (const Measured* each : measured) {
    if (each != nullptr) return *each;
  }
  throw MissingResults("plot", "none of its variants could be carried out");
}

std::string items_words(const Study& study, const std::vector<const Measured*>& measured) {
  std::size_t fewest = first_measured(measured).scores.size(), most = fewest;
  for (const Measured* each : measured) {
    if (each == nullptr) continue;
    fewest = std::min(fewest, each->scores.size());
    most = std::max(most, each->scores.size());
  }
  const std::string what = study.chooses_on_dev() ? "item" : "test item";
  std::string words = counted(static_cast<std::int64_t>(most), what);
  if (fewest < most) words = fmt::format("{} to {}", fewest, words);
  return study.chooses_on_dev() ? words + " of the choice" : words;
}

std::string failed_words(const std::vector<const Measured*>& measured) {
  const auto failed = std::ranges::count(measured, nullptr);
  if (failed == 0) return "";
  return fmt::format(" {} could not be carried out and {} left out.", counted(failed, "variant"),
                     failed == 1 ? "is" : "are");
}

}  // namespace austeer
