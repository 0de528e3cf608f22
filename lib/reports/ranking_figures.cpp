// Figures of rankings: scores over layers and dimensions, what tasks have in common.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "reports/figure_source.hpp"
#include "reports/plots.hpp"
#include "steering/overlap.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {

// Where a ranking's high scores lie: layers over dimensions, a figure for each site.

namespace {

/// Of a wide site there are fewer columns, so that their longer labels have room.
std::int64_t column_count(std::int64_t width) {
  return width < 1000 ? std::min<std::int64_t>(width, 64) : 32;
}

/// The largest |score| of each layer's neighbouring dimensions; the last layer on top.
HeatMap score_map(const Ranking& ranking, std::int32_t site) {
  const std::int64_t width = ranking.sites[static_cast<std::size_t>(site)].width;
  const std::int64_t columns = column_count(width);
  HeatMap map;
  map.scale_label = "largest |score|";
  for (std::int64_t column = 0; column < columns; ++column) {
    // The first dimension d with d * columns / width == column.
    map.x_labels.push_back(std::to_string((column * width + columns - 1) / columns));
  }
  for (std::int64_t layer = ranking.layers; layer-- > 0;) {
    map.y_labels.push_back(std::to_string(layer));
  }
  map.values.assign(static_cast<std::size_t>(ranking.layers),
                    std::vector<double>(static_cast<std::size_t>(columns),
                                        std::numeric_limits<double>::quiet_NaN()));
  for (const RankedUnit& unit : ranking.units) {
    if (unit.site != site) continue;
    double& cell = map.values[static_cast<std::size_t>(ranking.layers - 1 - unit.layer)]
                             [static_cast<std::size_t>(unit.dim * columns / width)];
    cell = std::fmax(cell, std::abs(unit.score));
  }
  return map;
}

/// The best unit of a site in words; one at least is there.
std::string best_unit_words(const Ranking& ranking, std::int32_t site) {
  const auto best = std::ranges::find(ranking.units, site, &RankedUnit::site);
  return fmt::format("{}:{} (layer:dimension), with {:.3g}", best->layer, best->dim, best->score);
}

/// What a cell of the map stands for.
std::string cell_words(std::int64_t width, std::int64_t columns) {
  if (columns == width) return "A cell is the |score| of a unit.";
  return fmt::format("A cell is the largest |score| of {}{:.0f} dimensions of a layer.",
                     width % columns == 0 ? "" : "about ",
                     static_cast<double>(width) / static_cast<double>(columns));
}

PlottedFigure site_figure(const FigureSource& source, const FigureSpec& spec,
                          const EntryResults& found, const Ranking& ranking, std::int32_t site) {
  const StudyMethod& method = *found.entry.method;
  const RankedSite& ranked = ranking.sites[static_cast<std::size_t>(site)];
  const std::string site_text = site_name(ranked.site);
  PlottedFigure plotted;
  plotted.name = source.name;
  if (ranking.sites.size() > 1) plotted.name += "-" + site_text;
  Figure& figure = plotted.figure;
  figure.title = source.title(
      spec, fmt::format("{} on {}: scores of the units", method.name, source.place_words()));
  figure.title += ", site " + site_text;
  figure.x.label = "dimension";
  figure.y.label = "layer";
  HeatMap map = score_map(ranking, site);
  plotted.caption = fmt::format("{} on {}, site {}, ranked by {}. ", method.name,
                                source.place_words(), site_text, counted(ranking.pairs, "pair"));
  plotted.caption += cell_words(ranked.width, static_cast<std::int64_t>(map.x_labels.size()));
  plotted.caption += fmt::format(" The first unit is {}.", best_unit_words(ranking, site));
  if (const std::string chosen =
          variant_text(method.variants.at(chosen_variant(found)), method.axes);
      !chosen.empty()) {
    plotted.caption += fmt::format(" The ranking is that of the chosen variant, {}.", chosen);
  }
  figure.content = std::move(map);
  plotted.alt = figure_words(figure);
  return plotted;
}

}  // namespace

std::vector<PlottedFigure> make_scores_figure(const FigureSource& source, const FigureSpec& spec) {
  const EntryResults& found = source.entry(*spec.methods.front());
  const Ranking ranking = source.ranking(found);
  std::vector<PlottedFigure> figures;
  for (std::size_t site = 0; site < ranking.sites.size(); ++site) {
    figures.push_back(site_figure(source, spec, found, ranking, static_cast<std::int32_t>(site)));
  }
  return figures;
}

// How many of a method's top units two tasks have in common.

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
