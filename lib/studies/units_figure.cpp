// Accuracy of a method's variants along an axis of names, such as single units.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "studies/axes.hpp"
#include "studies/figure_kinds.hpp"
#include "studies/figure_measures.hpp"
#include "studies/figure_words.hpp"

namespace austeer {
namespace {

constexpr std::size_t longest_bar_label = 16;

/// What a method that is drawn as a line did on the test items; null where it failed.
const Measured* reference_measured(const EntryResults& found) {
  if (found.test) return &*found.test;
  return found.choice.size() == 1 ? measured_variant(found, 0) : nullptr;
}

std::vector<Reference> bar_references(const FigureSource& source, const FigureSpec& spec) {
  std::vector<Reference> references;
  const auto add = [&](const std::string& name) {
    const Measured* measured = reference_measured(source.entry(*source.task, name));
    if (measured != nullptr) references.push_back({name, in_percent(measured->accuracy), false});
  };
  if (!source.study.chooses_on_dev()) add(vanilla);
  for (const StudyMethod* method : spec.references) add(method->name);
  return references;
}

/// Where the y axis starts, in per cent: close differences would not be seen from 0.
double axis_start(const Bars& bars) {
  double low = 100;
  for (const Bar& bar : bars.series.front().bars) {
    if (bar.value) low = std::min(low, bar.interval ? bar.interval->low : *bar.value);
  }
  for (const Reference& reference : bars.references) low = std::min(low, reference.at);
  return std::max(0.0, 5 * std::floor((low - 1) / 5));
}

double axis_end(const Bars& bars) {
  double high = 0;
  for (const Bar& bar : bars.series.front().bars) {
    if (bar.value) high = std::max(high, bar.interval ? bar.interval->high : *bar.value);
  }
  for (const Reference& reference : bars.references) high = std::max(high, reference.at);
  return std::min(100.0, high + 2);
}

/// Labels for the values of an axis: a list of several units is counted, and what is in it is added
/// to `caption`.
std::vector<std::string> bar_labels(const std::vector<Json>& values, std::string& caption) {
  std::vector<std::string> labels;
  for (const Json& value : values) {
    std::string label = axis_value_text(value);
    const auto commas = std::ranges::count(label, ',');
    if (commas > 0 && label.size() > longest_bar_label) {
      const std::string all = std::exchange(label, fmt::format("{} units", commas + 1));
      for (int other = 2; std::ranges::find(labels, label) != labels.end(); ++other) {
        label = fmt::format("{} units ({})", commas + 1, other);
      }
      caption += fmt::format(" {}: {}.", label, all);
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

/// The bars of a slice, in the order of the axis; without labels.
Bars slice_bars(const EntryResults& found, const std::string& axis,
                const std::vector<std::size_t>& variants) {
  const StudyMethod& method = *found.entry.method;
  Bars bars;
  bars.series = {{method.name, {}}};
  for (const Json& value : axis_values(method, axis)) {
    const auto at = std::ranges::find_if(
        variants, [&](std::size_t i) { return axis_value(method.variants[i], axis) == value; });
    const Measured* measured = at == variants.end() ? nullptr : measured_variant(found, *at);
    Bar bar;
    if (measured != nullptr) {
      bar = {in_percent(measured->accuracy), in_percent(measured->interval)};
    }
    bars.series.front().bars.push_back(bar);
  }
  return bars;
}

}  // namespace

std::vector<PlottedFigure> make_units_figure(const FigureSource& source, const FigureSpec& spec) {
  const EntryResults& found = source.entry(*spec.methods.front());
  const StudyMethod& method = *found.entry.method;
  const Slice slice = slice_along(found, {spec.x});
  std::vector<const Measured*> measured;
  for (const std::size_t i : slice.variants) measured.push_back(measured_variant(found, i));
  const std::string items = items_words(source.study, measured);
  Bars bars = slice_bars(found, spec.x, slice.variants);
  bars.references = bar_references(source, spec);

  Figure figure;
  figure.title = source.title(spec, fmt::format("{} on {}: accuracy by {}", method.name,
                                                source.place_words(), axis_label(spec.x)));
  figure.x.label = axis_label(spec.x);
  figure.y.label = score_label(first_measured(measured));
  std::string caption = fmt::format("{} on {}, {}", method.name, source.place_words(), items);
  if (!slice.held.empty()) caption += ", at " + slice.held;
  caption += "; with 95 % intervals.";
  bars.groups = bar_labels(axis_values(method, spec.x), caption);
  if (const double start = axis_start(bars); start > 0) {
    figure.y.range = Interval{start, axis_end(bars)};
    caption += fmt::format(" The axis starts at {:g} %.", start);
  }
  caption += failed_words(measured);
  figure.content = std::move(bars);
  return {{source.name, caption, figure_words(figure), figure}};
}

}  // namespace austeer
