#include "documents/figure.hpp"

#include <gtest/gtest.h>
#include <limits>

#include "base/error.hpp"
#include "documents/examples.hpp"
#include "documents/gnuplot_parts.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::bars_example;
using testing::expect_refusal;
using testing::hostile;
using testing::line_example;
using testing::map_example;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Figure small_curves() {
  Figure figure;
  figure.title = "small";
  figure.content =
      Curves{{{"one", {{1, 2, Interval{1.5, 2.5}}, {2, nan, {}}}}}, {{"base", 2, false}}};
  return figure;
}

/// Expects that the figure is refused after `change`, with `part` in the message.
template <typename Change>
void expect_refused(Figure figure, const Change& change, const std::string& part) {
  change(figure);
  expect_refusal<UsageError>([&] { check(figure); }, part);
  expect_refusal<UsageError>([&] { figure_data(figure); }, part);
  expect_refusal<UsageError>([&] { gnuplot_script(figure, "name"); }, part);
}

TEST(FigureData, OfCurves) {
  EXPECT_EQ(figure_data(small_curves()),
            "x\ty\tlow\thigh\tseries\n"
            "1\t2\t1.5\t2.5\tone\n"
            "2\tNaN\tNaN\tNaN\tone\n"
            "0.96\t2\tNaN\tNaN\tbase\n"
            "2.04\t2\tNaN\tNaN\tbase\n");
}

TEST(FigureData, OfBars) {
  Figure figure;
  figure.content = Bars{{"a", "b"},
                        {{"s", {{1, Interval{0.5, 2}}, {}}}, {"t", {{2.5, {}}, {nan, {}}}}},
                        {{"base", 1.5, false}}};
  EXPECT_EQ(figure_data(figure),
            "position\tvalue\tlow\thigh\tgroup\tseries\n"
            "-0.2\t1\t0.5\t2\ta\ts\n"
            "0.8\tNaN\tNaN\tNaN\tb\ts\n"
            "0.2\t2.5\tNaN\tNaN\ta\tt\n"
            "1.2\tNaN\tNaN\tNaN\tb\tt\n"
            "-0.5\t1.5\tNaN\tNaN\t\tbase\n"
            "1.5\t1.5\tNaN\tNaN\t\tbase\n");
}

TEST(FigureData, OfAHeatMap) {
  Figure figure;
  figure.content = HeatMap{{"a", "b\t\"c\""}, {"r"}, {{1, nan}}, "", {}, {}, {}};
  EXPECT_EQ(figure_data(figure),
            "column\trow\tvalue\tx\ty\n"
            "0\t0\t1\ta\tr\n"
            "1\t0\tNaN\tb 'c'\tr\n");
}

TEST(Figure, WhatCannotBeDrawnIsRefused) {
  const auto curves = [](Figure& figure) -> Curves& { return std::get<Curves>(figure.content); };
  const auto points = [&](Figure& figure) -> std::vector<Point>& {
    return curves(figure).curves[0].points;
  };
  const Figure figure = small_curves();
  expect_refused(
      figure, [&](Figure& f) { points(f)[0].y = nan; }, "at least one point");
  expect_refused(
      figure, [&](Figure& f) { points(f)[0].x = nan; }, "a number as each x");
  expect_refused(
      figure, [&](Figure& f) { points(f)[0].y = 1 / 0.0; }, "finite");
  expect_refused(
      figure,
      [&](Figure& f) {
        points(f)[0].interval = {3, 1};
      },
      "from low to high");
  expect_refused(
      figure,
      [&](Figure& f) {
        points(f)[0].interval = {nan, 1};
      },
      "from low to high");
  expect_refused(
      figure,
      [&](Figure& f) {
        points(f)[0].x = 0;
        f.x.scale = Scale::log;
      },
      "above zero");
  expect_refused(
      figure,
      [&](Figure& f) {
        f.y.range = {2, 2};
      },
      "from low to high");
  expect_refused(
      figure,
      [&](Figure& f) {
        f.y = {"", Scale::log, Interval{0, 2}, {}};
      },
      "above zero");
  expect_refused(
      figure,
      [&](Figure& f) {
        f.x.ticks = {{nan, "x"}};
      },
      "each tick");
  expect_refused(
      figure, [&](Figure& f) { curves(f).references[0].at = nan; }, "'base'");
  expect_refused(
      figure, [&](Figure& f) { f.content = Curves{}; }, "at least one point");

  const auto bars = [](Figure& f) -> Bars& { return std::get<Bars>(f.content); };
  expect_refused(
      bars_example(), [](Figure& f) { f.x.scale = Scale::log; }, "a label only");
  expect_refused(
      bars_example(), [](Figure& f) { f.y.scale = Scale::log; }, "a linear y axis");
  expect_refused(
      bars_example(), [&](Figure& f) { bars(f).groups.pop_back(); }, "4 values");
  expect_refused(
      bars_example(), [&](Figure& f) { bars(f).references[0].vertical = true; }, "vertical");
  expect_refused(
      bars_example(), [&](Figure& f) { bars(f).series.clear(); }, "at least one value");

  const auto map = [](Figure& f) -> HeatMap& { return std::get<HeatMap>(f.content); };
  expect_refused(
      map_example(),
      [](Figure& f) {
        f.y.ticks = {{0, "x"}};
      },
      "a label only");
  expect_refused(
      map_example(), [&](Figure& f) { map(f).values[1].pop_back(); }, "8 values");
  expect_refused(
      map_example(), [&](Figure& f) { map(f).values.pop_back(); }, "12 values");
  expect_refused(
      map_example(), [&](Figure& f) { map(f).decimals = 10; }, "0 to 9");
  expect_refused(
      map_example(), [&](Figure& f) { map(f).centre = nan; }, "centre");
  expect_refused(
      map_example(),
      [&](Figure& f) {
        map(f).range = {1, 0};
      },
      "colour range");
}

TEST(GnuplotScript, TakesPlainNamesOnly) {
  for (const std::string name : {"", "a b", "../x", "< touch x", "|touch x", "x'", "-x", "x\ny"}) {
    expect_refusal<UsageError>([&] { gnuplot_script(small_curves(), name); }, "its file name");
  }
  const std::string script = gnuplot_script(small_curves(), "accuracy");
  EXPECT_NE(script.find("data = 'accuracy.tsv'\n"), std::string::npos) << script;
  EXPECT_NE(script.find("set output 'accuracy.svg'\n"), std::string::npos) << script;
}

TEST(GnuplotText, IsOneStringOfHarmlessCharacters) {
  EXPECT_EQ(gnuplot_text("COPA: 71.2 % (k = 16) α"), "\"COPA: 71.2 % (k = 16) α\"");
  EXPECT_EQ(gnuplot_text("a'b\"c`d@e\\n$f{g}#h\ni"),
            "\"a\\047b\\042c\\140d\\100e\\134n\\044f\\173g\\175\\043h i\"");
  const std::string text = gnuplot_text(hostile);
  EXPECT_EQ(text.find_first_of("'`@$#{}\n\t"), std::string::npos) << text;
  EXPECT_EQ(text.find('"', 1), text.size() - 1) << text;
  EXPECT_EQ(gnuplot_tick("100%"), "\"100%%\"");
}

TEST(GnuplotText, IsCutAndWrappedByCharacters) {
  EXPECT_EQ(short_text("αβγδ", 4), "αβγδ");
  EXPECT_EQ(short_text("αβγδε", 4), "αβγ…");
  EXPECT_EQ(wrapped("one two  three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("", 7), std::vector<std::string>{""});
  EXPECT_EQ(wrapped("averylongword x", 5), (std::vector<std::string>{"averylongword", "x"}));
  EXPECT_EQ(balanced("aa bb cc dd ee", 12), (std::vector<std::string>{"aa bb cc", "dd ee"}));
  EXPECT_EQ(gnuplot_text(std::vector<std::string>{"a", "b'"}), "\"a\\nb\\047\"");
}

}  // namespace
}  // namespace austeer
