// Bars as gnuplot draws them.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "documents/figure_frame.hpp"
#include "documents/gnuplot_parts.hpp"
#include "documents/gnuplot_text.hpp"

namespace austeer {
namespace {

/// Neighbours differ in lightness, for greyscale; from the fifth on they are hatched as well.
std::string bar_style(std::size_t index) {
  constexpr std::array colors = {"#0072b2", "#e69f00", "#f0e442", "#009e73",
                                 "#d55e00", "#56b4e9", "#cc79a7", "#555555"};
  constexpr std::array patterns = {4, 5, 1, 2};
  const std::string fill =
      index < 4 ? "solid 1" : fmt::format("pattern {}", patterns[index % patterns.size()]);
  return fmt::format("boxes lc rgb '{}' fs {} border lc rgb '#222222'",
                     colors[index % colors.size()], fill);
}

/// The groups' names under the axis; slanted where they are too long for their places.
std::string group_ticks(const std::vector<std::string>& groups) {
  constexpr std::size_t axis_length = figure_width - 110;
  std::vector<std::string> labels;
  std::size_t longest = 0;
  for (const std::string& group : groups) {
    labels.push_back(short_text(group, 30));
    longest = std::max(longest, text_length(labels.back()));
  }
  const bool slanted = (longest + 1) * character_width * groups.size() > axis_length;
  return (slanted ? "set xtics rotate by 35 right\n" : "") +
         label_ticks("x", labels, axis_length, slanted ? 18 : 1);
}

}  // namespace

Drawing draw_bars(const Bars& bars) {
  Drawing drawing;
  drawing.settings = fmt::format("set boxwidth {} absolute\n", bar_width(bars.series.size())) +
                     group_ticks(bars.groups) + "set xzeroaxis lt 1 lw 1 lc rgb '#222222'\n";
  const std::size_t groups = bars.groups.size();
  for (std::size_t s = 0; s < bars.series.size(); ++s) {
    drawing.plots.push_back(
        fmt::format("{} using 1:2 with {} notitle", data_rows(s * groups, groups), bar_style(s)));
    add_legend(drawing, bars.series[s].name, bar_style(s));
  }
  for (std::size_t s = 0; s < bars.series.size(); ++s) {
    const auto& series = bars.series[s].bars;
    if (std::none_of(series.begin(), series.end(),
                     [](const Bar& bar) { return bar.interval.has_value(); })) {
      continue;
    }
    drawing.plots.push_back(
        fmt::format("{} using 1:2:3:4 with yerrorbars lc rgb '#222222' lw 1.3 ps 0 notitle",
                    data_rows(s * groups, groups)));
  }
  add_references(drawing, bars.references, bars.series.size() * groups);
  return drawing;
}

}  // namespace austeer
