// Accuracy over a numeric axis, one curve for each method.
#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "studies/axes.hpp"
#include "studies/figure_kinds.hpp"
#include "studies/figure_measures.hpp"
#include "studies/figure_words.hpp"
#include "studies/study_findings.hpp"

namespace austeer {
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

}  // namespace austeer
