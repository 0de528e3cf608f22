#include "documents/gnuplot_parts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "base/utf8.hpp"

namespace austeer {

namespace {

bool is_harmless(char letter) {
  constexpr std::string_view punctuation = " .,:;()+-=/%_<>!?*|";
  const auto byte = static_cast<unsigned char>(letter);
  return byte >= 0x80 || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || punctuation.find(letter) != std::string_view::npos;
}

/// Valid UTF-8 with spaces for control characters.
std::string one_line(std::string_view text) {
  std::string line = repair_utf8(text);
  for (char& letter : line) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) letter = ' ';
  }
  return line;
}

std::string escape_inside(std::string_view line) {
  std::string escaped;
  for (const char letter : line) {
    escaped += is_harmless(letter) ? std::string(1, letter)
                                   : fmt::format("\\{:03o}", static_cast<unsigned char>(letter));
  }
  return escaped;
}

}  // namespace

std::size_t text_length(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < text.size(); at += code_point_at(text, at).length) ++length;
  return length;
}

std::string short_text(std::string_view text, std::size_t limit) {
  std::string line = one_line(text);
  if (text_length(line) <= limit) return line;
  std::size_t end = 0;
  for (std::size_t i = 0; i + 1 < limit; ++i) end += code_point_at(line, end).length;
  return line.substr(0, end) + "\u2026";
}

std::string gnuplot_text(std::string_view text) {
  return "\"" + escape_inside(one_line(text)) + "\"";
}

std::string gnuplot_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += (text.empty() ? "" : "\\n") + escape_inside(one_line(line));
  }
  return "\"" + text + "\"";
}

std::string gnuplot_tick(std::string_view text, std::size_t width) {
  std::string doubled;
  for (const char letter : text) {
    doubled += letter;
    if (letter == '%') doubled += letter;
  }
  return gnuplot_text(wrapped(doubled, width));
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  const std::string line = one_line(text);
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    const std::string word = line.substr(at, end - at);
    std::string& last = lines.back();
    if (!last.empty() && text_length(last) + 1 + text_length(word) > width) {
      lines.push_back(word);
    } else {
      last += (last.empty() ? "" : " ") + word;
    }
    at = std::min(end + 1, line.size());
  }
  return lines;
}

std::vector<std::string> balanced(std::string_view text, std::size_t width) {
  std::vector<std::string> lines = wrapped(text, width);
  for (std::size_t narrow = width - 1; narrow > 0; --narrow) {
    std::vector<std::string> shorter = wrapped(text, narrow);
    if (shorter.size() > lines.size()) break;
    lines = std::move(shorter);
  }
  return lines;
}

void add_legend(Drawing& drawing, const std::string& name, const std::string& style) {
  const std::string shown = short_text(name, longest_legend_name);
  if (shown.empty()) return;
  drawing.longest_name = std::max(drawing.longest_name, text_length(shown));
  // A plot of nothing: gnuplot 5.4 gives its own "keyentry" a wrong title in SVG.
  drawing.legend.push_back(fmt::format("NaN with {} title {}", style, gnuplot_text(shown)));
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

std::string error_bars(const std::string& rows, const std::string& color) {
  // Double-ended arrows with blunt heads: gnuplot's own error bars blank a circle around the point,
  // and draw those of NaN along the axis.
  return fmt::format(
      "{} using ($2 == $2 ? $1 : NaN):3:(0):($4-$3) with vectors heads size screen 0.006,90 "
      "lc rgb '{}' lw 1.3 dt 1 "
      "notitle",
      rows, color);
}

double round_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const int digit : {1, 2, 5}) {
    if (step <= digit * power * (1 + 1e-9)) return digit * power;
  }
  return 10 * power;
}

std::size_t label_step(std::size_t labels, std::size_t size, std::size_t length) {
  if (labels * size <= length) return 1;
  const double step = static_cast<double>(labels * size) / static_cast<double>(length);
  return static_cast<std::size_t>(std::lround(round_step(step)));
}

std::string tick_list(const std::vector<std::string>& labels, std::size_t step, std::size_t width) {
  std::string list;
  for (std::size_t i = 0; i < labels.size(); i += step) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ",
                        gnuplot_tick(short_text(labels[i], longest_label), width), i);
  }
  return list;
}

void add_x_labels(Drawing& drawing, const std::vector<std::string>& labels, std::size_t length) {
  constexpr std::size_t line_height = 18;
  const std::size_t place = length / std::max<std::size_t>(1, labels.size());
  const std::size_t width = std::max<std::size_t>(2, place / character_width) - 1;
  std::size_t longest = 0;  // characters
  std::size_t lines = 1;
  bool fits = true;  // wrapped, on at most three lines
  for (const std::string& label : labels) {
    const std::vector<std::string> parts = wrapped(short_text(label, longest_label), width);
    lines = std::max(lines, parts.size());
    for (const std::string& part : parts) fits = fits && text_length(part) <= width;
    longest = std::max(longest, std::min(text_length(label), longest_label));
  }
  // Short labels, such as numbers, are left out rather than turned.
  fits = fits && lines <= 3;
  const bool upright = !fits && longest > 4;
  const std::size_t size = upright ? line_height : fits ? 1 : (longest + 1) * character_width;
  const std::size_t step = label_step(labels.size(), size, length);
  if (upright) drawing.height += longest * character_width;
  if (!upright && fits) drawing.extra_tick_lines = lines - 1;
  drawing.settings +=
      fmt::format("set xtics scale 0 {}({})\n", upright ? "rotate by 90 right " : "",
                  tick_list(labels, step, upright || !fits ? longest_label : width));
}

const char* series_color(std::size_t index) {
  // The palette of Okabe and Ito, without its yellow, which is too light for lines on white.
  constexpr std::array colors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                 "#000000", "#e69f00", "#56b4e9"};
  return colors[index % colors.size()];
}

}  // namespace austeer
