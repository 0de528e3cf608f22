#include "studies/frontiers.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "studies/study_findings.hpp"

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
  return costs.empty() ? "none" : list_words(costs, costs.size());
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
      "of {} at costs that {} reaches, below its line at {} nats; clearly, with intervals apart, "
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

}  // namespace austeer
