// Accuracy over two axes of a method's grid.
#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "studies/axes.hpp"
#include "studies/figure_kinds.hpp"
#include "studies/figure_measures.hpp"
#include "studies/figure_words.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {
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

}  // namespace austeer
