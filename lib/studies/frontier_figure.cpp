// Toxic rate against what the answers cost the unsteered model, one curve for each method.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "studies/figure_kinds.hpp"
#include "studies/figure_measures.hpp"
#include "studies/figure_words.hpp"
#include "studies/frontiers.hpp"
#include "studies/study_findings.hpp"

namespace austeer {
namespace {

void add_points(Curve& curve, const std::vector<FrontierPoint>& points) {
  for (const FrontierPoint& point : points) {
    curve.points.push_back({point.cost, in_percent(point.rate), in_percent(point.interval)});
  }
}

Curve empty_curve(const std::string& name, bool control) {
  return {name, {}, Mark::points, Spread::bars, control};
}

/// A method's curve; one axis is a path from weak to strong, several would cross themselves.
Curve method_curve(const StudyMethod& method, const EntryResults& found,
                   const FigureSource& source) {
  Curve curve = empty_curve(method.name, method.is_control());
  add_points(curve, frontier_points(source.study, found));
  if (!source.study.chooses_on_dev() && method.axes.size() == 1) curve.mark = Mark::line;
  return curve;
}

/// Whether anything that the figure shows is the mean of several draws.
bool shows_draws(const Study& study, const FigureSpec& spec) {
  return study.seeds.size() > 1 && std::ranges::any_of(spec.methods, [](const StudyMethod* method) {
           return !method->controls.empty() ||
                  std::ranges::any_of(method->variants,
                                      [](const Variant& variant) { return variant.is_drawn(); });
         });
}

Curves frontier_curves(const FigureSource& source, const FigureSpec& spec) {
  const EntryResults& baseline = source.entry(*source.task, vanilla);
  if (!is_detoxification(*source.task, source.results)) {
    throw MissingResults("plot", source.task->name + " is not scored by toxicity",
                         "Name the figure's `tasks`");
  }
  Curves curves;
  std::map<std::string, Curve> controls;
  Curve unsteered = empty_curve(vanilla, false);
  add_points(unsteered, frontier_points(source.study, baseline));
  curves.curves.push_back(std::move(unsteered));
  for (const StudyMethod* method : spec.methods) {
    if (!method->runs_on(source.task->name)) continue;
    const EntryResults& found = source.entry(*method);
    curves.curves.push_back(method_curve(*found.entry.method, found, source));
    for (const MeasuredControl& control : found.controls) {
      const std::string name = "controls: " + control_words(control.control);
      add_points(controls.try_emplace(name, empty_curve(name, true)).first->second,
                 frontier_points(control));
    }
  }
  for (auto& [name, curve] : controls) curves.curves.push_back(std::move(curve));
  std::erase_if(curves.curves, [](const Curve& curve) { return curve.points.empty(); });
  if (curves.curves.empty()) throw MissingResults("plot", "no answer has a cost");
  return curves;
}

}  // namespace

std::vector<PlottedFigure> make_frontier_figure(const FigureSource& source,
                                                const FigureSpec& spec) {
  Figure figure;
  figure.content = frontier_curves(source, spec);
  figure.title =
      source.title(spec, fmt::format("{}: toxic answers against their cost", source.place_words()));
  figure.x.label = "cost (nats per token under the unsteered model)";
  figure.y.label = "toxic answers (%)";
  std::string caption = fmt::format(
      "{}, test items, with 95 % intervals. Further down is less toxic, further left more like the "
      "unsteered model.",
      source.place_words());
  caption += source.study.chooses_on_dev() ? " Each point is what was chosen of its method."
                                           : " Each point is a variant of its method.";
  if (shows_draws(source.study, spec)) {
    caption += " Of what was drawn with several seeds, rate and cost are the means.";
  }
  return {{source.name, caption, figure_words(figure), figure}};
}

}  // namespace austeer
