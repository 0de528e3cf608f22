#include "documents/gnuplot_parts.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "documents/gnuplot_text.hpp"

namespace austeer {

void add_legend(Drawing& drawing, const std::string& name, const std::string& style) {
  const std::string shown = short_text(name, longest_legend_name);
  if (shown.empty()) return;
  drawing.longest_name = std::max(drawing.longest_name, text_length(shown));
  drawing.legend.push_back(fmt::format("keyentry with {} title {}", style, gnuplot_text(shown)));
}

void add_references(Drawing& drawing, const std::vector<Reference>& references, std::size_t first) {
  constexpr std::array dashes = {"(8,4)", "(2,3)", "(10,3,2,3)", "(14,5)"};
  constexpr std::array colors = {"#333333", "#777777"};
  for (std::size_t i = 0; i < references.size(); ++i) {
    const std::string style = fmt::format("lines lw 1.5 dt {} lc rgb '{}'",
                                          dashes[i % dashes.size()], colors[i % colors.size()]);
    drawing.plots.push_back(
        fmt::format("{} using 1:2 with {} notitle", data_rows(first + 2 * i, 2), style));
    add_legend(drawing, references[i].name, style);
  }
}

std::string data_rows(std::size_t first, std::size_t count) {
  return fmt::format("data skip 1 every ::{}::{}", first, first + count - 1);
}

std::string label_ticks(const char* axis, const std::vector<std::string>& labels,
                        std::size_t length, std::size_t size) {
  const std::size_t step = std::max<std::size_t>(1, (labels.size() * size + length - 1) / length);
  std::string list;
  for (std::size_t i = 0; i < labels.size(); i += step) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", gnuplot_tick(labels[i]), i);
  }
  return fmt::format("set {}tics scale 0 ({})\n", axis, list);
}

const char* series_color(std::size_t index) {
  // The palette of Okabe and Ito, without its yellow, which is too light for lines on white.
  constexpr std::array colors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                 "#000000", "#e69f00", "#56b4e9"};
  return colors[index % colors.size()];
}

}  // namespace austeer
