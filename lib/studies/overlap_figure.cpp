// How many of a method's top units two tasks have in common.
#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "steering/overlap.hpp"
#include "studies/figure_kinds.hpp"
#include "studies/figure_measures.hpp"
#include "studies/figure_words.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {
namespace {

/// The top of every task. Throws MissingResults for rankings that cannot be compared.
std::vector<RankingTop> tops_of(const FigureSource& source, const FigureSpec& spec) {
  const std::string& method = spec.methods.front()->name;
  std::vector<RankingTop> tops;
  for (const StudyTask* task : spec.tasks) {
    tops.push_back(top_of(source.ranking(source.entry(*task, method)), spec.k));
    const RankingTop& top = tops.back();
    if (static_cast<std::int64_t>(top.first.size()) < spec.k) {
      throw MissingResults("plot",
                           fmt::format("{} on {} has {} units with a value, fewer than k = "
                                       "{}",
                                       method, task->name, top.first.size(), spec.k),
                           "Use a smaller k");
    }
    if (!shape_difference(tops.front(), top)) continue;
    throw MissingResults(
        "plot",
        fmt::format("{} was chosen with other sites on {} ({}) than on {} ({}), and units "
                    "of different sites are never the same",
                    method, task->name, site_names(top.sites), spec.tasks.front()->name,
                    site_names(tops.front().sites)),
        "Give it one site");
  }
  return tops;
}

/// Blank where a task meets itself. Symmetric.
HeatMap overlap_map(const std::vector<RankingTop>& tops, const FigureSpec& spec) {
  HeatMap map;
  map.scale_label = "in common (%)";
  map.decimals = 0;
  double highest = 10;  // so that a little does not look like much
  for (const StudyTask* task : spec.tasks) map.x_labels.push_back(task->name);
  map.y_labels = map.x_labels;
  for (std::size_t row = 0; row < tops.size(); ++row) {
    map.values.emplace_back(tops.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t column = 0; column < tops.size(); ++column) {
      if (row == column) continue;
      const double share = in_percent(overlap_of(tops[row], tops[column]).share());
      map.values[row][column] = share;
      highest = std::max(highest, share);
    }
  }
  map.range = Interval{0, highest};
  return map;
}

}  // namespace

std::vector<PlottedFigure> make_overlap_figure(const FigureSource& source, const FigureSpec& spec) {
  const StudyMethod& method = *spec.methods.front();
  const std::vector<RankingTop> tops = tops_of(source, spec);
  const RankingTop& first = tops.front();
  const std::string units = first.has_single_units() ? "units" : "groups of units";
  Figure figure;
  figure.title =
      source.title(spec, fmt::format("{}: share of the first {} {} that two tasks have in common",
                                     method.name, spec.k, units));
  figure.x.label = "task";
  figure.y.label = "task";
  figure.content = overlap_map(tops, spec);
  const double chance = static_cast<double>(spec.k) / static_cast<double>(first.groups);
  const std::string caption = fmt::format(
      "{} ({}), site {}: of the first {} {} of one task's ranking, the share that is also among "
      "the first {} of the other's. Rankings that have nothing to do with each other would share "
      "{:.3g} % of them ({} of {}). Blank where a task meets itself.",
      method.name, source.model, site_names(first.sites), spec.k, units, spec.k, in_percent(chance),
      count_text(spec.k), count_text(first.groups));
  return {{source.name, caption, figure_words(figure), figure}};
}

}  // namespace austeer
