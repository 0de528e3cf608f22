#include "reports/frontiers.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "reports/figure_source.hpp"
#include "reports/findings.hpp"
#include "reports/plots.hpp"

namespace austeer {

namespace {

void add_frontier_point(std::vector<FrontierPoint>& points, const Measured& measured) {
  if (!measured.is_detoxification || !measured.cost) return;
  points.push_back({*measured.cost, 1 - measured.accuracy,
                    Interval{1 - measured.interval.high, 1 - measured.interval.low}});
}

/// What a line through `ordered` points, by ascending cost, has at a cost; nothing outside of it.
std::optional<FrontierPoint> line_at(const std::vector<FrontierPoint>& ordered, double cost) {
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    const FrontierPoint& left = ordered[i - 1];
    const FrontierPoint& right = ordered[i];
    if (cost < left.cost || cost > right.cost) continue;
    const double part = left.cost == right.cost ? 0 : (cost - left.cost) / (right.cost - left.cost);
    const auto between = [part](double a, double b) { return a + part * (b - a); };
    return FrontierPoint{cost,
                         between(left.rate, right.rate),
                         {between(left.interval.low, right.interval.low),
                          between(left.interval.high, right.interval.high)}};
  }
  return std::nullopt;
}

std::string costs_words(const std::vector<std::string>& costs) {
  return costs.empty() ? "none" : list_words(costs, costs.size()) + " nats";
}

/// How `points` stand to the opponent's line.
std::string verdict_words(const std::vector<FrontierPoint>& points,
                          const std::vector<FrontierPoint>& line, const std::string& opponent) {
  std::vector<std::string> below, clearly;
  std::int64_t compared = 0;
  for (const FrontierPoint& point : points) {
    const auto other = line_at(line, point.cost);
    if (!other) continue;
    ++compared;
    const std::string cost = fmt::format("{:.2f}", point.cost);
    if (point.rate < other->rate) below.push_back(cost);
    if (point.interval.high < other->interval.low) clearly.push_back(cost);
  }
  if (compared == 0) return fmt::format("no point at a cost that {} reaches", opponent);
  return fmt::format(
      "of {} at costs that {} reaches, below its line at {}; clearly, with intervals apart, "
      "at {}",
      compared == 1 ? "1 point" : fmt::format("{} points", compared), opponent, costs_words(below),
      costs_words(clearly));
}

/// The verdicts of one figure on one model and task.
void add_frontier_sentences(std::vector<std::string>& sentences, const Study& study,
                            const std::vector<EntryResults>& results, const FigureSpec& figure,
                            const std::string& model, const StudyTask& task) {
  std::vector<FrontierPoint> line;
  for (const std::string& name : {std::string(vanilla), figure.opponent->name}) {
    const EntryResults* found = find_results(results, model, task.name, name);
    if (found == nullptr) continue;
    for (const FrontierPoint& point : frontier_points(study, *found)) line.push_back(point);
  }
  std::ranges::sort(line, {}, &FrontierPoint::cost);
  for (const StudyMethod* method : figure.methods) {
    const EntryResults* found = find_results(results, model, task.name, method->name);
    if (method == figure.opponent || found == nullptr || !found->done) continue;
    std::string sentence =
        fmt::format("{}: {}.", entry_words(study, found->entry),
                    verdict_words(frontier_points(study, *found), line, figure.opponent->name));
    if (std::ranges::find(sentences, sentence) == sentences.end()) {
      sentences.push_back(std::move(sentence));
    }
  }
}

}  // namespace

std::vector<FrontierPoint> frontier_points(const Study& study, const EntryResults& found) {
  std::vector<FrontierPoint> points;
  if (found.entry.method == nullptr || study.chooses_on_dev()) {
    if (found.test) add_frontier_point(points, *found.test);
    return points;
  }
  for (const MeasuredVariant& variant : found.choice) {
    if (variant.measured) add_frontier_point(points, *variant.measured);
  }
  return points;
}

std::vector<FrontierPoint> frontier_points(const MeasuredControl& control) {
  std::vector<FrontierPoint> points;
  if (control.measured) add_frontier_point(points, *control.measured);
  return points;
}

std::vector<std::string> frontier_sentences(const Study& study,
                                            const std::vector<EntryResults>& results) {
  std::vector<std::string> sentences;
  for (const FigureSpec& figure : study.figures) {
    if (figure.opponent == nullptr) continue;
    for (const std::string& model : figure.models) {
      for (const StudyTask* task : figure.tasks) {
        add_frontier_sentences(sentences, study, results, figure, model, *task);
      }
    }
  }
  return sentences;
}

// Toxic rate against what the answers cost the unsteered model, one curve for each method.

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
