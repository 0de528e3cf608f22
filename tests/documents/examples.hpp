#pragma once
// One example of each kind of document, as studies make them.

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "documents/figure.hpp"
#include "documents/page.hpp"
#include "documents/table.hpp"

namespace austeer::testing {

/// What programs that read titles would trip over, in one line.
inline const std::string hostile =
    "it's \"q\" `touch x` $(touch y) @z \\n \\ {/Bold b}_a^2 %s %n 100% #c ; system('touch w') <b> "
    "& "
    "−α—\t\n!touch v\xFF";

/// Two groups of two columns, named sections, a value that is missing and a best one.
inline Table example_table() {
  Table table;
  table.title = "Accuracy (%) on the test split";
  table.notes = {"± is the 95 % interval.", "— : not measured."};
  table.section_header = "model";
  table.columns = {{"method", Align::left, ""},     {"k", Align::right, ""},
                   {"acc.", Align::right, "COPA"},  {"Δ", Align::right, "COPA"},
                   {"acc.", Align::right, "BoolQ"}, {"Δ", Align::right, "BoolQ"}};
  table.add_section("Llama-2-7B")
      .add_row({"unsteered", {}, "62.4 ± 1.1", {}, "70.3", {}})
      .add_row({"austeer", "16", {"71.0 ± 0.9", true}, "+8.6", {"74.1", true}, "+3.8"});
  table.add_section("SmolLM2_135M").add_row({"caa", "1", "51.5", "−0.5", {}, {}});
  return table;
}

inline Curve example_curve(const std::string& name, double start, double rise) {
  Curve curve{name, {}, Mark::line, Spread::bars, false};
  for (const double k : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0}) {
    const double y = start + rise * std::log2(k) - 0.12 * std::log2(k) * std::log2(k);
    curve.points.push_back({k, y, Interval{y - 1.1, y + 1.4}});
  }
  return curve;
}

/// Lines with error bars and a band over a logarithmic axis, a gap, and two references.
inline Figure line_example() {
  Figure figure;
  figure.title = "Accuracy on COPA by the number of steered units";
  figure.x = {"units steered, k", Scale::log, {}, {}};
  figure.y = {"accuracy (%)", Scale::linear, {}, {}};
  Curves curves{{example_curve("austeer, directed", 61, 2.5), example_curve("sadi", 60, 1.4),
                 example_curve("iti", 58, 1.9), example_curve("random units", 60, 0.4)},
                {{"unsteered", 60.2, false}, {"k of the paper", 16, true}}};
  curves.curves[1].spread = Spread::band;
  curves.curves[2].points[3].y = std::numeric_limits<double>::quiet_NaN();
  curves.curves[3].control = true;
  figure.content = curves;
  return figure;
}

/// Points and curves against controls in grey.
inline Figure frontier_example() {
  Figure figure;
  figure.title = "Toxicity against fluency: what each method pays for what it gains";
  figure.x = {"perplexity (lower is better)", Scale::linear, {}, {}};
  figure.y = {"toxic continuations (%)", Scale::linear, {}, {}};
  Curves curves;
  for (int i = 0; i < 4; ++i) {
    Curve curve;
    curve.name =
        std::vector<std::string>{"austeer, k = 100", "caa, layer 14", "random units, seed 1",
                                 "random units, seed 2"}[static_cast<std::size_t>(i)];
    curve.control = i >= 2;
    for (int step = 0; step < 8; ++step) {
      curve.points.push_back({20 + step * (1.5 + i), 42 - (9 - 2.2 * i) * std::sqrt(step), {}});
    }
    curves.curves.push_back(curve);
  }
  Curve points{"sta (single runs)",
               {{24, 36, {}}, {26, 34, {}}, {31, 30, {}}},
               Mark::points,
               Spread::bars,
               false};
  curves.curves.push_back(points);
  figure.content = curves;
  return figure;
}

inline Figure bars_example() {
  Figure figure;
  figure.title = "Change of accuracy by task";
  figure.x.label = "task";
  figure.y.label = "change of accuracy (points)";
  Bars bars;
  bars.groups = {"COPA", "BoolQ", "NLI", "SST-2", "WinoGrande"};
  for (int s = 0; s < 6; ++s) {
    BarSeries series;
    series.name = std::vector<std::string>{
        "austeer", "caa", "iti", "sadi", "sta", "control"}[static_cast<std::size_t>(s)];
    for (int g = 0; g < 5; ++g) {
      const double value = 8 - 2.1 * s + 1.5 * std::sin(g * 2.0 + s);
      series.bars.push_back({value, Interval{value - 1, value + 1}});
    }
    bars.series.push_back(series);
  }
  bars.series[1].bars[2] = {};
  bars.references = {{"noise floor", 0.8, false}};
  figure.content = bars;
  return figure;
}

/// Layers by sites, one value missing, changes about zero, printed.
inline Figure map_example() {
  Figure figure;
  figure.title = "Change of accuracy by layer and strength";
  figure.x.label = "strength α";
  figure.y.label = "layer";
  HeatMap map;
  map.scale_label = "change (points)";
  map.centre = 0;
  map.decimals = 1;
  for (int column = 0; column < 8; ++column) map.x_labels.push_back(std::to_string(column * 10));
  for (int row = 0; row < 12; ++row) {
    map.y_labels.push_back(std::to_string(row));
    map.values.emplace_back();
    for (int column = 0; column < 8; ++column) {
      map.values.back().push_back(9 * std::sin(row * 0.5) * std::cos(column * 0.7));
    }
  }
  map.values[3][4] = std::numeric_limits<double>::quiet_NaN();
  figure.content = map;
  return figure;
}

/// More cells than labels have room for, long names below.
inline Figure large_map_example() {
  Figure figure;
  figure.title = "Chosen units";
  figure.x.label = "task";
  figure.y.label = "layer";
  HeatMap map;
  map.scale_label = "share of units (%)";
  for (int column = 0; column < 30; ++column) {
    map.x_labels.push_back("task number " + std::to_string(column));
  }
  for (int row = 0; row < 80; ++row) {
    map.y_labels.push_back(std::to_string(row));
    map.values.emplace_back();
    for (int column = 0; column < 30; ++column) {
      map.values.back().push_back(50 + 50 * std::sin(row * 0.11 + column * 0.3));
    }
  }
  figure.content = map;
  return figure;
}

}  // namespace austeer::testing
