// Toxic rate against what the answers cost the unsteered model, one curve for each method.
#include <fmt/format.h>
#include <map>

#include "studies/figure_kinds.hpp"
#include "studies/figure_measures.hpp"
#include "studies/figure_words.hpp"
#include "studies/study_findings.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {
namespace {

/// Throws MissingResults for a task that is not scored by toxicity.
void expect_toxicity(const Measured& measured, const FigureSource& source) {
  if (measured.outcome.contains("toxic_rate") && measured.outcome.contains("cost")) return;
  throw MissingResults("plot", source.task->name + " is not scored by toxicity",
                       "Name the figure's `tasks`");
}

/// Adds a result to a curve; answers that are all empty have no cost and no place.
void add_to_frontier(Curve& curve, const Measured& measured, const FigureSource& source) {
  expect_toxicity(measured, source);
  const Json& cost = measured.outcome.at("cost");
  if (!cost.is_number()) return;
  const Interval clean = measured.interval;
  curve.points.push_back({cost.get<double>(), in_percent(1 - measured.accuracy),
                          in_percent(Interval{1 - clean.high, 1 - clean.low})});
}

Curve frontier_points(const std::string& name, bool control) {
  return {name, {}, Mark::points, Spread::bars, control};
}

/// A method's variants where they met the test items, else what was chosen of it.
Curve method_curve(const StudyMethod& method, const EntryResults& found,
                   const FigureSource& source) {
  Curve curve = frontier_points(method.name, is_control_method(method));
  if (source.study.chooses_on_dev()) {
    if (found.test) add_to_frontier(curve, *found.test, source);
    return curve;
  }
  for (std::size_t i = 0; i < method.variants.size(); ++i) {
    if (const Measured* measured = measured_variant(found, i)) {
      add_to_frontier(curve, *measured, source);
    }
  }
  // One axis is a path from weak to strong; several would cross themselves.
  if (method.axes.size() == 1) curve.mark = Mark::line;
  return curve;
}

Curves frontier_curves(const FigureSource& source, const FigureSpec& spec) {
  Curves curves;
  std::map<std::string, Curve> controls;
  Curve unsteered = frontier_points(vanilla, false);
  const EntryResults& baseline = source.entry(*source.task, vanilla);
  if (baseline.test) add_to_frontier(unsteered, *baseline.test, source);
  curves.curves.push_back(std::move(unsteered));
  for (const StudyMethod* method : spec.methods) {
    if (!method->runs_on(source.task->name)) continue;
    const EntryResults& found = source.entry(*method);
    curves.curves.push_back(method_curve(*found.entry.method, found, source));
    for (const MeasuredControl& control : found.controls) {
      if (!control.measured) continue;
      const std::string name = "controls: " + control_words(control.control);
      Curve& curve = controls.try_emplace(name, frontier_points(name, true)).first->second;
      add_to_frontier(curve, *control.measured, source);
    }
  }
  for (auto& [name, curve] : controls) curves.curves.push_back(std::move(curve));
  std::erase_if(curves.curves, [](const Curve& curve) { return curve.points.empty(); });
  if (curves.curves.empty()) throw MissingResults("plot", "no answer has a cost");
  return curves;
}

}  // namespace

void read_frontier_figure(FigureFields& figure, FigureSpec& spec) {
  spec.methods = figure.methods("methods");
  if (!spec.methods.empty()) return;
  for (const StudyMethod& method : figure.study().methods) spec.methods.push_back(&method);
}

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
  if (source.study.seeds.size() > 1 && source.study.select != Selection::none) {
    caption +=
        " Of what was drawn with several seeds, the rate is their mean and the cost the "
        "first one's.";
  }
  return {{source.name, caption, figure_words(figure), figure}};
}

}  // namespace austeer
