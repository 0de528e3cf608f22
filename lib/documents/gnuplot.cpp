// Figures drawn by the program gnuplot.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <system_error>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/names.hpp"
#include "documents/figure.hpp"
#include "documents/figure_frame.hpp"
#include "documents/gnuplot_parts.hpp"

namespace austeer {

// The gnuplot script of a figure.

namespace {

/// Ticks of a logarithmic axis: at 1, 2 and 5 of each power of ten; at about ten of the powers
/// where there are many; evenly, as on a linear axis, where there would be hardly any.
std::vector<Tick> log_ticks(const Interval& range) {
  const double decades = std::log10(range.high / range.low);
  std::vector<double> places;
  const int power_step = 1 + static_cast<int>(decades / 10);
  for (int power = power_step * static_cast<int>(std::floor(std::log10(range.low) / power_step));
       std::pow(10, power) <= range.high; power += power_step) {
    for (const int digit : {1, 2, 5}) {
      if (digit == 1 || decades <= 3) places.push_back(digit * std::pow(10, power));
    }
  }
  const auto inside = [&](double at) { return at >= range.low && at <= range.high; };
  if (std::count_if(places.begin(), places.end(), inside) < 3) {
    const double step = round_step((range.high - range.low) / 6);
    places.clear();
    for (int i = 0; i < 12; ++i) places.push_back((std::ceil(range.low / step) + i) * step);
  }
  std::vector<Tick> ticks;
  for (const double at : places) {
    if (inside(at)) ticks.push_back({at, fmt::format("{:g}", at)});
  }
  return ticks;
}

/// `label` is the axis's, as it is set; labels of ticks are cut to `tick_length`.
std::string axis_lines(const char* name, const Axis& axis, const Interval& range,
                       const std::string& label, std::size_t tick_length) {
  std::string text =
      fmt::format("set {0}label {1}\nset {0}range [{2}:{3}]\n", name, label, range.low, range.high);
  std::vector<Tick> ticks = axis.ticks;
  if (axis.scale == Scale::log) {
    text += fmt::format("set logscale {}\n", name);
    if (ticks.empty()) ticks = log_ticks(range);
  }
  std::string list;
  for (const Tick& tick : ticks) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ",
                        gnuplot_tick(short_text(tick.label, tick_length)), tick.at);
  }
  if (!list.empty()) text += fmt::format("set {}tics ({})\n", name, list);
  return text;
}

/// How many lines the legend takes below the figure.
std::size_t legend_lines(const Drawing& drawing) {
  if (drawing.legend.empty()) return 0;
  const std::size_t entry = drawing.longest_name * character_width + 60;
  const std::size_t columns = std::max<std::size_t>(1, (figure_width - 40) / entry);
  return (drawing.legend.size() + columns - 1) / columns;
}

/// The label along the y axis; gnuplot has to be told to make room for its second line.
std::string y_label(const Figure& figure, const Drawing& drawing) {
  const std::size_t width = drawing.height / 14;
  const std::vector<std::string> lines =
      balanced(short_text(figure.y.label, 2 * width - 10), width);
  return fmt::format("{} offset {},0", gnuplot_text(lines),
                     -1.5 * static_cast<double>(lines.size() - 1));
}

Drawing drawing_of(const Figure& figure) {
  if (const auto* curves = std::get_if<Curves>(&figure.content)) return draw_curves(*curves);
  if (const auto* bars = std::get_if<Bars>(&figure.content)) return draw_bars(*bars);
  return draw_map(std::get<HeatMap>(figure.content));
}

std::string common_settings(const std::string& name) {
  return fmt::format(
      "# Draws {0}.svg and {0}.png from {0}.tsv: run `gnuplot {0}.gnuplot` in this folder.\n"
      "reset\nset encoding utf8\nset datafile separator tab\n"
      "set border 3 lw 1 lc rgb '#444444'\nset tics nomirror textcolor rgb '#000000'\n"
      "set grid lt 1 lw 0.7 lc rgb '#dddddd'\nset style fill solid 1\n"
      "set key below center horizontal Left reverse samplen 3 spacing 1.2\n"
      "set format '%g'\nset minussign\ndata = '{0}.tsv'\n",
      name);
}

std::string both_axes(const Figure& figure, const Drawing& drawing,
                      const std::vector<std::string>& x_label) {
  const Frame frame = frame_of(figure);
  const bool map = std::holds_alternative<HeatMap>(figure.content);
  const Interval y = map ? Interval{frame.y.high, frame.y.low} : frame.y;  // row 0 on top
  return axis_lines("x", figure.x, frame.x, gnuplot_text(x_label), 14) +
         axis_lines("y", figure.y, y, y_label(figure, drawing), longest_label);
}

std::string terminals(const std::string& name, std::size_t height, const std::string& plot) {
  return fmt::format(
      "set terminal svg size {0},{1} fixed noenhanced font 'sans-serif,14' background '#ffffff'\n"
      "set output '{2}.svg'\n{3}"
      "set terminal pngcairo size {4},{5} noenhanced font 'sans,14' fontscale 2 linewidth 2 "
      "pointscale 2 background '#ffffff'\n"
      "set output '{2}.png'\nreplot\nset output\n",
      figure_width, height, name, plot, 2 * figure_width, 2 * height);
}

}  // namespace

std::string gnuplot_script(const Figure& figure, const std::string& name) {
  check(figure);
  if (!is_plain_name(name)) {
    throw UsageError({fmt::format("[figure] '{}': its file name", figure.title),
                      "letters, digits, '.', '_' and '-'", fmt::format("'{}'", name), ""});
  }
  const Drawing drawing = drawing_of(figure);
  const std::vector<std::string> title = balanced(short_text(figure.title, 280), 56);
  std::vector<std::string> x_label = balanced(short_text(figure.x.label, 200), 66);
  // Blank lines keep the label away from ticks of several lines, and the legend from the label.
  x_label.insert(x_label.begin(), drawing.extra_tick_lines, " ");
  if (!drawing.legend.empty()) x_label.emplace_back(" ");
  std::string plot;
  for (const auto& parts : {drawing.plots, drawing.legend}) {
    for (const std::string& part : parts) plot += (plot.empty() ? "plot " : ", \\\n  ") + part;
  }
  const std::size_t height =
      drawing.height + 24 * (title.size() + legend_lines(drawing)) + 18 * (x_label.size() - 1);
  return common_settings(name) + fmt::format("set title {} font ',16'\n", gnuplot_text(title)) +
         both_axes(figure, drawing, x_label) + drawing.settings +
         terminals(name, height, plot + "\n");
}

namespace {

/// A folder next to the pictures, from which they are moved when they are whole; removed at the
/// end.
class DrawingFolder {
 public:
  explicit DrawingFolder(const std::filesystem::path& stem) {
    std::string pattern = stem.string() + ".drawing-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      const std::error_code error(errno, std::generic_category());
      throw FileError("figure", fmt::format("cannot make a folder beside {}: {}", stem.string(),
                                            error.message()));
    }
    path_ = pattern;
  }
  ~DrawingFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  DrawingFolder(const DrawingFolder&) = delete;
  DrawingFolder& operator=(const DrawingFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void run_gnuplot(const std::filesystem::path& folder, const std::filesystem::path& stem) {
  const std::string script = stem.filename().string() + ".gnuplot";
  const ChildResult result = run_child(
      {"gnuplot", "-d", script},
      {folder, "Figures need the program gnuplot: on Debian and Ubuntu the package gnuplot-nox"});
  if (result.status == 0) return;
  throw FileError({fmt::format("[figure] gnuplot could not draw {} (exit status {})", stem.string(),
                               result.status),
                   "", result.last_lines(6),
                   fmt::format("The script is {}.gnuplot", stem.string())});
}

}  // namespace

void draw(const Figure& figure, const std::filesystem::path& stem) {
  const std::string name = stem.filename().string();
  const std::string script = gnuplot_script(figure, name);
  const std::string data = figure_data(figure);
  const DrawingFolder folder(stem);
  for (const std::filesystem::path& place : {stem, folder.path() / name}) {
    write_file(place.string() + ".tsv", data);
    write_file(place.string() + ".gnuplot", script);
  }
  run_gnuplot(folder.path(), stem);
  for (const std::string ending : {".svg", ".png"}) {
    write_file(stem.string() + ending, read_file(folder.path() / (name + ending)));
  }
}

}  // namespace austeer
