// Figures as gnuplot really draws them.
#include <cstdlib>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "documents/examples.hpp"
#include "documents/figure.hpp"
#include "documents/xml.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::bars_example;
using testing::expect_refusal;
using testing::frontier_example;
using testing::hostile;
using testing::large_map_example;
using testing::line_example;
using testing::map_example;
using testing::refusal;
using testing::TemporaryFolder;
using testing::xml_text;

const std::vector<std::string> four_files = {"fig.gnuplot", "fig.png", "fig.svg", "fig.tsv"};

/// Draws into a folder of its own; returns the words of the SVG. Nothing but the four files may
/// come to be.
std::string drawn(const Figure& figure) {
  const TemporaryFolder folder;
  draw(figure, folder / "fig");
  EXPECT_EQ(list_folder(folder.path()), four_files);
  EXPECT_EQ(read_file(folder / "fig.png").substr(1, 3), "PNG");
  return xml_text(read_file(folder / "fig.svg"));
}

void expect_words(const std::string& text, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    EXPECT_NE(text.find("\n" + word + "\n"), std::string::npos)
        << "no '" << word << "' in " << text;
  }
}

/// A PATH with one folder while the object lives.
class PathOf {
 public:
  explicit PathOf(const std::filesystem::path& folder) : old_(std::getenv("PATH")) {
    ::setenv("PATH", folder.c_str(), 1);
  }
  ~PathOf() { ::setenv("PATH", old_.c_str(), 1); }
  PathOf(const PathOf&) = delete;
  PathOf& operator=(const PathOf&) = delete;

 private:
  std::string old_;
};

TEST(Gnuplot, DrawsEachKindWithItsLabels) {
  expect_words(drawn(line_example()),
               {"Accuracy on COPA by the number of steered units", "units steered, k",
                "accuracy (%)", "austeer, directed", "random units", "unsteered", "20", "64"});
  expect_words(drawn(frontier_example()), {"toxic continuations (%)", "caa, layer 14",
                                           "random units, seed 2", "sta (single runs)"});
  expect_words(drawn(bars_example()),
               {"change of accuracy (points)", "WinoGrande", "sadi", "noise floor", "−2"});
  expect_words(drawn(map_example()), {"strength α", "change (points)", "70", "11", "−8.4", "0.0"});
  expect_words(drawn(large_map_example()), {"task number 29", "share of units (%)", "78"});
}

TEST(Gnuplot, DrawsTheSameBytesAgainAlsoByHand) {
  const TemporaryFolder first;
  const TemporaryFolder second;
  for (const Figure& figure : {line_example(), bars_example(), map_example()}) {
    draw(figure, first / "fig");
    draw(figure, second / "fig");
    for (const std::string& name : four_files) {
      EXPECT_EQ(read_file(first / name), read_file(second / name)) << name;
    }
    std::filesystem::remove(second / "fig.svg");
    std::filesystem::remove(second / "fig.png");
    EXPECT_EQ(run_child({"gnuplot", "fig.gnuplot"}, {second.path()}).output, "");
    EXPECT_EQ(read_file(first / "fig.svg"), read_file(second / "fig.svg"));
    EXPECT_EQ(read_file(first / "fig.png"), read_file(second / "fig.png"));
  }
}

TEST(Gnuplot, TextsAreNothingButTexts) {
  Figure figure = line_example();
  figure.title = figure.x.label = figure.y.label = hostile;
  figure.x.ticks = {{1, "%n %s `touch x`"}, {10, "100%"}, {64, hostile}};
  Curves& curves = std::get<Curves>(figure.content);
  for (Curve& curve : curves.curves) curve.name = "#" + hostile;
  curves.references[0].name = hostile;
  const std::string text = drawn(figure);
  expect_words(text, {"%n %s `touch …", "100%",
                      "#it's \"q\" `touch x` $(touch y) @z \\n \\ {/Bold b}_a^2 %s %…"});

  figure = bars_example();
  Bars& bars = std::get<Bars>(figure.content);
  for (std::string& group : bars.groups) group = hostile;
  for (BarSeries& series : bars.series) series.name = hostile;
  expect_words(drawn(figure), {"`touch x`", "$(touch y)…"});

  figure = map_example();
  HeatMap& map = std::get<HeatMap>(figure.content);
  map.scale_label = hostile;
  map.x_labels[0] = map.y_labels[0] = "100% \\";
  expect_words(drawn(figure), {"100% \\"});
}

TEST(Gnuplot, DrawsWhatIsAlmostNothing) {
  Figure figure;
  figure.content = Curves{{{"", {{5, 0, {}}}, Mark::points}, {"none", {}}}, {}};
  drawn(figure);
  figure.x.scale = Scale::log;
  drawn(figure);
  figure.x.scale = Scale::linear;
  figure.content = HeatMap{{"x"}, {"y"}, {{3}}, "", {}, {}, 2};
  expect_words(drawn(figure), {"3.00"});
  figure.content = Bars{{"a"}, {{"zero", {{0.0, {}}}}}, {}};
  expect_words(drawn(figure), {"zero"});
  figure.content = Bars{{"a", "b"}, {{"below", {{-2.0, {}}, {-4.0, {}}}}}, {}};
  expect_words(drawn(figure), {"−4"});
}

TEST(Gnuplot, EveryAxisHasTicks) {
  const auto words = [](double low, double high) {
    Figure figure;
    figure.x.scale = Scale::log;
    figure.content = Curves{{{"", {{low, 0, {}}, {high, 1, {}}}}}, {}};
    return drawn(figure);
  };
  expect_words(words(57, 74), {"60", "65", "70"});
  expect_words(words(1, 64), {"1", "2", "5", "10", "20", "50"});
  expect_words(words(1e-9, 1e12), {"1e-09", "1e+06"});

  Figure figure;
  HeatMap map;
  for (int column = 0; column < 200; ++column) map.x_labels.push_back(std::to_string(column));
  map.y_labels = {"a row"};
  map.values = {std::vector<double>(200, 1.0)};
  figure.content = map;
  const std::string text = drawn(figure);
  expect_words(text, {"a row", "0", "20", "180"});
  EXPECT_EQ(text.find("\n10\n"), std::string::npos) << "labels would overlap";
}

TEST(Gnuplot, ManyCurvesAllLookDifferent) {
  Figure figure;
  Curves curves;
  for (int i = 0; i < 10; ++i) {
    curves.curves.push_back({"curve " + std::to_string(i), {{0, 1.0 * i, {}}, {1, 1.0 * i, {}}}});
  }
  figure.content = curves;
  const std::string script = gnuplot_script(figure, "fig");
  std::set<std::string> styles;
  for (std::size_t at = script.find("NaN with "); at != std::string::npos;
       at = script.find("NaN with ", at + 1)) {
    styles.insert(script.substr(at, script.find(" title", at) - at));
  }
  EXPECT_EQ(styles.size(), 10U);
}

TEST(Gnuplot, AMissingProgramIsNamedWithItsPackage) {
  const TemporaryFolder folder;
  const TemporaryFolder empty;
  const PathOf path(empty.path());
  const std::string message = refusal<FileError>([&] { draw(line_example(), folder / "fig"); });
  EXPECT_NE(message.find("cannot run gnuplot"), std::string::npos) << message;
  EXPECT_NE(message.find("gnuplot-nox"), std::string::npos) << message;
  EXPECT_EQ(list_folder(folder.path()), (std::vector<std::string>{"fig.gnuplot", "fig.tsv"}))
      << "data and script can be drawn elsewhere";
}

TEST(Gnuplot, AFailureShowsItsMessageAndLeavesThePicture) {
  const TemporaryFolder folder;
  const TemporaryFolder programs;
  write_file(folder / "fig.svg", "old");
  write_file(programs / "gnuplot", "#!/bin/sh\necho 'no such terminal'\nexit 3\n");
  std::filesystem::permissions(programs / "gnuplot", std::filesystem::perms::owner_all);
  const PathOf path(programs.path());
  const std::string message = refusal<FileError>([&] { draw(line_example(), folder / "fig"); });
  EXPECT_NE(message.find("no such terminal"), std::string::npos) << message;
  EXPECT_NE(message.find("exit status 3"), std::string::npos) << message;
  EXPECT_EQ(read_file(folder / "fig.svg"), "old");
  EXPECT_EQ(list_folder(folder.path()).size(), 3U);
}

TEST(Gnuplot, AMissingFolderIsNamed) {
  const TemporaryFolder folder;
  expect_refusal<FileError>([&] { draw(line_example(), folder / "no" / "fig"); }, "no/fig");
}

}  // namespace
}  // namespace austeer
