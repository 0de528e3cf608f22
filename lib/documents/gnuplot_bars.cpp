// Bars as gnuplot draws them.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "documents/figure_frame.hpp"
#include "documents/gnuplot_parts.hpp"

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

}  // namespace

Drawing draw_bars(const Bars& bars) {
  Drawing drawing;
  drawing.settings = fmt::format(
      "set boxwidth {} absolute\nset xzeroaxis lt 1 lw 1 lc rgb '#222222'\nset grid noxtics\n",
      bar_width(bars.series.size()));
  add_x_labels(drawing, bars.groups, figure_width - 110);
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
    drawing.plots.push_back(error_bars(data_rows(s * groups, groups), "#222222"));
  }
  add_references(drawing, bars.references, bars.series.size() * groups);
  return drawing;
}

}  // namespace austeer
