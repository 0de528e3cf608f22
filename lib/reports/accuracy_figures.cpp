// Figures of accuracies: over grids and axes, of variants, of methods on tasks.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "reports/figure_source.hpp"
#include "reports/findings.hpp"
#include "reports/plots.hpp"
#include "studies/axes.hpp"
#include "studies/study_numbers.hpp"
#include "studies/study_table_keys.hpp"
#include "studies/variant.hpp"

namespace austeer {

// Accuracy over two axes of a method's grid.

namespace {

/// The cells of a slice; the first row is the top one, of the largest y.
HeatMap grid_map(const EntryResults& found, const FigureSpec& spec, const Slice& slice) {
  const StudyMethod& method = *found.entry.method;
  const std::vector<Json> columns = axis_values(method, spec.x);
  std::vector<Json> rows = axis_values(method, spec.y);
  std::ranges::reverse(rows);
  HeatMap map;
  map.decimals = 1;
  for (const Json& value : columns) map.x_labels.push_back(axis_value_text(value));
  for (const Json& value : rows) map.y_labels.push_back(axis_value_text(value));
  map.values.assign(rows.size(),
                    std::vector<double>(columns.size(), std::numeric_limits<double>::quiet_NaN()));
  for (const std::size_t i : slice.variants) {
    const Measured* measured = measured_variant(found, i);
    if (measured == nullptr) continue;
    const auto row = std::ranges::find(rows, axis_value(method.variants[i], spec.y));
    const auto column = std::ranges::find(columns, axis_value(method.variants[i], spec.x));
    map.values[static_cast<std::size_t>(row - rows.begin())]
              [static_cast<std::size_t>(column - columns.begin())] = in_percent(measured->accuracy);
  }
  return map;
}

/// How the best cell of the grid came to be named.
std::string best_cell_words(const Study& study) {
  switch (study.select) {
    case Selection::test:
      return "Chosen on these very items";
    case Selection::none:
      return "The highest here";
    case Selection::dev:
    case Selection::race:
      break;
  }
  return "Chosen";
}

}  // namespace

std::vector<PlottedFigure> make_grid_figure(const FigureSource& source, const FigureSpec& spec) {
  const EntryResults& found = source.entry(*spec.methods.front());
  const StudyMethod& method = *found.entry.method;
  const Slice slice = slice_along(found, {spec.x, spec.y});
  std::vector<const Measured*> measured;
  for (const std::size_t i : slice.variants) measured.push_back(measured_variant(found, i));
  const std::string items = items_words(source.study, measured);

  Figure figure;
  figure.title =
      source.title(spec, fmt::format("{} on {}: accuracy by {} and {}", method.name,
                                     source.place_words(), axis_label(spec.x), axis_label(spec.y)));
  figure.x.label = axis_label(spec.x);
  figure.y.label = axis_label(spec.y);
  HeatMap map = grid_map(found, spec, slice);
  map.scale_label = score_label(first_measured(measured));
  const std::size_t chosen = chosen_variant(found);
  std::string caption = fmt::format("{} on {}, {}", method.name, source.place_words(), items);
  if (!slice.held.empty()) caption += ", at " + slice.held;
  caption += ".";
  if (const Measured* best = measured_variant(found, chosen)) {
    caption += fmt::format(" {}: {}, {} % (95 % interval {}).", best_cell_words(source.study),
                           point_words(method, chosen, {spec.x, spec.y}),
                           percent_text(best->accuracy), percent_interval(best->interval));
  }
  caption += failed_words(measured);
  figure.content = std::move(map);
  return {{source.name, caption, figure_words(figure), figure}};
}

// Accuracy over a numeric axis, one curve for each method.

namespace {

/// The curves of a figure as they are gathered, with what its caption says of them.
struct CurveMaker {
  const FigureSource& source;
  const FigureSpec& spec;
  Curves curves = {};
  std::vector<const Measured*> measured = {};
  std::vector<std::string> held = {};  ///< "AUSteer at alpha 8"

  void add(const StudyMethod& general) {
    const EntryResults& found = source.entry(general);
    const StudyMethod& method = *found.entry.method;
    const Slice slice = slice_along(found, {spec.x});
    Curve curve{method.name, {}, Mark::line, Spread::band, method.is_control()};
    for (const std::size_t i : slice.variants) {
      const Measured* point = measured_variant(found, i);
      measured.push_back(point);
      const auto x = axis_value(method.variants[i], spec.x).get<double>();
      if (point == nullptr) {
        curve.points.push_back({x, std::numeric_limits<double>::quiet_NaN(), {}});
      } else {
        curve.points.push_back({x, in_percent(point->accuracy), in_percent(point->interval)});
      }
    }
    std::ranges::sort(curve.points, {}, &Point::x);
    if (!slice.held.empty()) held.push_back(fmt::format("{} at {}", method.name, slice.held));
    curves.curves.push_back(std::move(curve));
  }

  /// The unsteered model as a line, where it met the items that the variants met.
  void add_vanilla() {
    if (source.study.chooses_on_dev()) return;
    const EntryResults& found = source.entry(*source.task, vanilla);
    if (!found.test) return;
    const bool same_items = std::ranges::all_of(measured, [&](const Measured* point) {
      return point == nullptr || point->scores.size() == found.test->scores.size();
    });
    if (same_items) curves.references.push_back({vanilla, in_percent(found.test->accuracy), false});
  }
};

}  // namespace

std::vector<PlottedFigure> make_curve_figure(const FigureSource& source, const FigureSpec& spec) {
  CurveMaker maker{source, spec};
  for (const StudyMethod* method : spec.methods) maker.add(*method);
  maker.add_vanilla();
  const std::string items = items_words(source.study, maker.measured);

  Figure figure;
  figure.title = source.title(
      spec, fmt::format("Accuracy on {} by {}", source.place_words(), axis_label(spec.x)));
  figure.x.label = axis_label(spec.x);
  figure.x.scale = spec.log ? Scale::log : Scale::linear;
  figure.y.label = score_label(first_measured(maker.measured));
  std::string caption =
      fmt::format("{}, {}; bands are 95 % intervals.", source.place_words(), items);
  if (!maker.held.empty()) caption += fmt::format(" {}.", list_words(maker.held));
  caption += failed_words(maker.measured);
  figure.content = std::move(maker.curves);
  return {{source.name, caption, figure_words(figure), figure}};
}

// Accuracy of a method's variants along an axis of names, such as single units.

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

// Accuracies of methods on tasks, side by side.

namespace {

/// A method, or one of its variants where none is chosen.
struct AccuracySeries {
  const StudyMethod* method = nullptr;  ///< null: the unsteered model
  std::optional<std::size_t> variant;
};

std::vector<AccuracySeries> series_of(const Study& study, const FigureSpec& spec) {
  std::vector<AccuracySeries> series = {{}};
  for (const StudyMethod* method : spec.methods) {
    if (study.select != Selection::none) {
      series.push_back({method, {}});
      continue;
    }
    for (std::size_t i = 0; i < method->variants.size(); ++i) series.push_back({method, i});
  }
  return series;
}

std::string series_name(const AccuracySeries& series) {
  if (series.method == nullptr) return vanilla;
  return series.variant ? variant_label(*series.method, *series.variant) : series.method->name;
}

const Measured* series_measured(const FigureSource& source, const AccuracySeries& series,
                                const StudyTask& task) {
  const std::string name = series.method == nullptr ? vanilla : series.method->name;
  const EntryResults& found = source.entry(task, name);
  if (series.variant) return measured_variant(found, *series.variant);
  return found.test ? &*found.test : nullptr;
}

/// What a reader must know of how the bars came about.
std::string chosen_on_test_words(const Study& study) {
  if (study.select == Selection::test && has_grid(study)) {
    return " CHOSEN ON THE TEST ITEMS: the bars are higher than they would be on new items.";
  }
  return "";
}

}  // namespace

std::vector<PlottedFigure> make_accuracies_figure(const FigureSource& source,
                                                  const FigureSpec& spec) {
  Bars bars;
  std::vector<std::string> failed, toxic;
  for (const StudyTask* task : spec.tasks) bars.groups.push_back(task->name);
  for (const AccuracySeries& series : series_of(source.study, spec)) {
    bars.series.push_back({series_name(series), {}});
    for (const StudyTask* task : spec.tasks) {
      if (series.method != nullptr && !series.method->runs_on(task->name)) {
        bars.series.back().bars.emplace_back();
        continue;
      }
      const Measured* measured = series_measured(source, series, *task);
      Bar bar;
      if (measured == nullptr) {
        failed.push_back(fmt::format("{} on {}", series_name(series), task->name));
      } else {
        bar = {in_percent(measured->accuracy), in_percent(measured->interval)};
        const bool is_toxicity = measured->is_detoxification;
        if (is_toxicity && series.method == nullptr) toxic.push_back(task->name);
      }
      bars.series.back().bars.push_back(bar);
    }
  }
  Figure figure;
  figure.title = source.title(spec, fmt::format("Accuracy of {} on the test items", source.model));
  figure.x.label = "task";
  figure.y.label = "accuracy (%)";
  figure.content = std::move(bars);
  std::string caption = fmt::format("{}, test items, with 95 % intervals.", source.model) +
                        chosen_on_test_words(source.study);
  if (!toxic.empty()) {
    caption += fmt::format(" On {} the share of answers that are not toxic.", list_words(toxic));
  }
  if (!failed.empty()) caption += fmt::format(" Could not be carried out: {}.", list_words(failed));
  return {{source.name, caption, figure_words(figure), figure}};
}

}  // namespace austeer
