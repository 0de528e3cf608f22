#include "reports/plots.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "base/json.hpp"
#include "captured_log.hpp"
#include "made_figures.hpp"
#include "made_results.hpp"

namespace austeer {
namespace {

using testing::CapturedLog;
using testing::detoxified;
using testing::FigureStudy;
using testing::measured;

const std::string figures_head = "title: T\nmodels: [m]\ntasks: {copa: }\n";
const std::string grid_methods =
    "methods:\n"
    "  A: {plan: {k: [4, 16], alpha: [8, 1, 2]}}\n"
    "  B: {rank: {site: [attention, ffn]}, plan: {k: [4, 16]}}\n"
    "  C: {rank: {method: caa}}\n";

std::vector<PlottedFigure> figures_of(const FigureStudy& study) {
  return make_figures(study.study(), study.folder(), study.results());
}

PlottedFigure only_figure(const FigureStudy& study) {
  const std::vector<PlottedFigure> figures = figures_of(study);
  if (figures.size() != 1) throw std::logic_error("not one figure");
  check(figures.front().figure);
  return figures.front();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Expects that a study whose only figure is `figure` is refused with `part` in the message.
void refuses(const std::string& figure, const std::string& part, const std::string& more = "") {
  testing::expect_refusal<Error>(
      [&] { FigureStudy(figures_head + grid_methods + more + "figures: [" + figure + "]\n"); },
      part);
}

TEST(Figures, RefuseWhatTheStudyDoesNotHave) {
  refuses("{name: f, kind: scoers}", "did you mean 'scores'");
  refuses("{kind: grid}", "name");
  refuses("{name: ../f, kind: grid}", "letters");
  refuses("{name: f, kind: grid, method: A, x: plan.alpha, y: plan.k, lgo: true}", "lgo");
  refuses("{name: f, kind: grid, method: A, x: plan.alpha, y: plan.k, log: true}", "log");
  refuses("{name: f, kind: grid, x: plan.alpha, y: plan.k}", "`method`");
  refuses("{name: f, kind: grid, method: D, x: plan.alpha, y: plan.k}", "no method 'D'");
  refuses("{name: f, kind: grid, method: A, x: plan.alhpa, y: plan.k}", "plan.alpha");
  refuses("{name: f, kind: grid, method: A, x: plan.k, y: plan.k}", "same axis");
  refuses("{name: f, kind: grid, method: C, x: plan.k, y: plan.alpha}", "one variant");
  refuses("{name: f, kind: grid, tasks: [coap], method: A, x: plan.k, y: plan.alpha}", "copa");
  refuses("{name: f, kind: grid, models: [n], method: A, x: plan.k, y: plan.alpha}", "no model");
  refuses("{name: f, kind: curve, x: rank.pairs}", "no method has the axis");
  refuses("{name: f, kind: curve, x: rank.site}", "no number");
  refuses("{name: f, kind: curve, x: plan.k, methods: [A, vanilla]}", "unsteered");
  refuses("{name: f, kind: units, method: B, x: rank.site, references: [C]}", "select: none");
  refuses("{name: f, kind: units, method: B, x: rank.site, references: [A]}", "6 variants",
          "select: none\n");
  refuses("{name: f, kind: frontier, opponent: caa}", "no method 'caa'");
  refuses("{name: f, kind: grid, method: A, x: plan.k, y: plan.alpha, opponent: C}", "opponent");
  refuses("{name: f, kind: overlap, method: A, k: 0}", "at least 1");
  refuses("{name: f, kind: overlap, method: A, k: 4}", "compares tasks");
  refuses("{name: f, kind: scores, method: A}, {name: f, kind: scores, method: B}", "called 'f'");
}

TEST(Figures, AGridHasTheAccuracyOfEachPairOfValues) {
  FigureStudy study(figures_head + grid_methods +
                    "figures: [{name: f, kind: grid, method: A, x: plan.alpha, y: plan.k}]\n");
  // k 4: alpha 8, 1, 2; then k 16.
  study.tried("A",
              {measured(50), measured(51), measured(52), measured(60), measured(61), measured(70)});
  study.done("A").choice[1] = {{}, "too strong"};
  const PlottedFigure plotted = only_figure(study);
  EXPECT_EQ(plotted.name, "f");
  const auto& map = std::get<HeatMap>(plotted.figure.content);
  EXPECT_EQ(map.x_labels, (std::vector<std::string>{"1", "2", "8"}));
  EXPECT_EQ(map.y_labels, (std::vector<std::string>{"16", "4"}));
  EXPECT_EQ(map.values[0], (std::vector<double>{61, 70, 60}));
  EXPECT_TRUE(std::isnan(map.values[1][0]));
  EXPECT_EQ(map.values[1][1], 52);
  EXPECT_PRED2(has, plotted.caption, "100 items of the choice");
  EXPECT_PRED2(has, plotted.caption, "Chosen: alpha 2, k 16, 70.0 %");
  EXPECT_PRED2(has, plotted.caption, "1 variant could not");
  EXPECT_PRED2(has, plotted.alt, "Highest: 70 at \u03B1 (strength) 2 and k (units steered) 16.");
}

TEST(Figures, ACurveGoesThroughTheChosenVariantWithItsIntervals) {
  FigureStudy study(figures_head + grid_methods +
                    "select: test\nfigures: [{name: f, kind: curve, x: plan.k, log: true}]\n");
  study.tested(vanilla, measured(55));
  study.tried("A",
              {measured(50), measured(51), measured(52), measured(60), measured(61), measured(70)});
  study.tried("B", {measured(40), measured(42), measured(49), measured(44)});
  const PlottedFigure plotted = only_figure(study);
  EXPECT_EQ(plotted.figure.x.scale, Scale::log);
  const auto& curves = std::get<Curves>(plotted.figure.content);
  ASSERT_EQ(curves.curves.size(), 2U);
  const std::vector<Point>& points = curves.curves[0].points;
  ASSERT_EQ(points.size(), 2U);  // at alpha 2, as the chosen one
  EXPECT_EQ(points[0].x, 4);
  EXPECT_EQ(points[0].y, 52);
  EXPECT_EQ(points[1].y, 70);
  EXPECT_NEAR(points[1].interval->low, 100 * wilson_interval(70, 100).low, 1e-5);
  EXPECT_EQ(curves.curves[1].points[0].y, 49);  // at the site ffn
  ASSERT_EQ(curves.references.size(), 1U);
  EXPECT_EQ(curves.references[0].at, 55);
  EXPECT_PRED2(has, plotted.caption, "A at alpha 2 and B at site ffn");
  EXPECT_PRED2(has, plotted.caption, "100 test items");
}

TEST(Figures, ACurveOfOtherItemsHasNoLineForTheUnsteeredModel) {
  FigureStudy study(figures_head + "methods: {A: {plan: {k: [1, 2, 4]}}}\nselect: race\n" +
                    "figures: [{name: f, kind: curve, x: plan.k}]\n");
  study.tried("A", {measured(20, 40), measured(70), measured(60)});
  const PlottedFigure plotted = only_figure(study);
  EXPECT_TRUE(std::get<Curves>(plotted.figure.content).references.empty());
  EXPECT_PRED2(has, plotted.caption, "40 to 100 items of the choice");
}

TEST(Figures, UnitsAreBarsWithReferences) {
  FigureStudy study(
      figures_head +
      "select: none\nmethods:\n  A: {plan: {units: ['2:1', '2:5', '2:1,2:5,2:1033,2:11']}}\n" +
      "  C: {rank: {method: caa}}\n"
      "figures: [{name: f, kind: units, method: A, x: plan.units, references: [C]}]\n");
  study.tested(vanilla, measured(700, 1000));
  study.tried("A", {measured(710, 1000), measured(690, 1000), measured(705, 1000)});
  study.tried("C", {measured(720, 1000)});
  const PlottedFigure plotted = only_figure(study);
  const auto& bars = std::get<Bars>(plotted.figure.content);
  EXPECT_EQ(bars.groups, (std::vector<std::string>{"2:1", "2:5", "4 units"}));
  EXPECT_EQ(bars.series[0].bars[1].value, 69);
  ASSERT_EQ(bars.references.size(), 2U);
  EXPECT_EQ(bars.references[0].name, vanilla);
  EXPECT_EQ(bars.references[1].at, 72);
  EXPECT_EQ(plotted.figure.y.range->low, 65);
  EXPECT_PRED2(has, plotted.caption, "The axis starts at 65 %");
  EXPECT_PRED2(has, plotted.caption, "4 units: 2:1,2:5,2:1033,2:11.");
}

TEST(Figures, AccuraciesHaveABarForEachMethodAndTask) {
  FigureStudy study(
      "title: T\nmodels: [m, n]\ntasks: {copa: , boolq: }\n"
      "methods: {A: {}, B: {}}\nfigures: [{name: f, kind: accuracies}]\n");
  for (const std::string task : {"copa", "boolq"}) {
    for (const std::string model : {"m", "n"}) {
      study.tested(vanilla, measured(50), task, model);
      study.tested("A", measured(60), task, model);
      study.tested("B", measured(70), task, model);
    }
  }
  study.done("A", "boolq", "n").test.reset();
  const std::vector<PlottedFigure> figures = figures_of(study);
  ASSERT_EQ(figures.size(), 2U);
  EXPECT_EQ(figures[0].name, "f-m");
  const auto& bars = std::get<Bars>(figures[1].figure.content);
  EXPECT_EQ(bars.groups, (std::vector<std::string>{"copa", "boolq"}));
  ASSERT_EQ(bars.series.size(), 3U);
  EXPECT_EQ(bars.series[2].bars[0].value, 70);
  EXPECT_FALSE(bars.series[1].bars[1].value);
  EXPECT_PRED2(has, figures[1].caption, "A on boolq");
  EXPECT_FALSE(has(figures[0].caption, "carried out"));
}

TEST(Figures, AFrontierHasToxicRatesOverCosts) {
  FigureStudy study(figures_head + "select: none\nmethods:\n  A: {plan: {alpha: [1, 2]}}\n" +
                    "  random: {plan: {control: random, alpha: [1, 2]}}\n"
                    "figures: [{name: f, kind: frontier}]\n");
  study.tested(vanilla, detoxified(60, 1.5));
  study.tried("A", {detoxified(70, 1.75), detoxified(90, 2.5)});
  study.tried("random", {detoxified(61, 1.6), detoxified(62, 3)});
  const PlottedFigure plotted = only_figure(study);
  const auto& curves = std::get<Curves>(plotted.figure.content).curves;
  ASSERT_EQ(curves.size(), 3U);
  EXPECT_EQ(curves[0].name, vanilla);
  EXPECT_EQ(curves[0].mark, Mark::points);
  EXPECT_EQ(curves[1].points[1].x, 2.5);
  EXPECT_NEAR(curves[1].points[1].y, 10, 1e-9);
  EXPECT_NEAR(curves[1].points[1].interval->high, 100 * wilson_interval(10, 100).high, 1e-5);
  EXPECT_FALSE(curves[1].control);
  EXPECT_TRUE(curves[2].control);
}

/// A ranking over two layers of a site of width 128, the units of `first` (layer * 128 + dim) on
/// top.
Ranking made_ranking(const std::vector<std::int32_t>& first) {
  Ranking ranking;
  ranking.sites = {{Site::ffn, 128, 1}};
  ranking.layers = 2;
  ranking.pairs = 10;
  ranking.method = "austeer";
  const auto add = [&](std::int32_t unit, double score) {
    RankedUnit made;
    made.layer = unit / 128;
    made.dim = unit % 128;
    made.score = score;
    made.value = score;
    ranking.units.push_back(made);
  };
  for (std::size_t i = 0; i < first.size(); ++i) add(first[i], 1 - 0.01 * static_cast<double>(i));
  for (std::int32_t unit = 0; unit < 256; ++unit) {
    if (std::find(first.begin(), first.end(), unit) == first.end()) add(unit, 0.5);
  }
  return ranking;
}

TEST(Figures, ScoresAreTheLargestOfNeighbouringDimensions) {
  FigureStudy study(figures_head + "methods: {A: {}}\nfigures: [{name: f, kind: scores}]\n");
  study.tested("A", measured(60));
  study.done("A").ranking = "r";
  save_ranking(made_ranking({129, 4}), study.folder().ranking("r"));
  const PlottedFigure plotted = only_figure(study);
  const auto& map = std::get<HeatMap>(plotted.figure.content);
  ASSERT_EQ(map.x_labels.size(), 64U);
  EXPECT_EQ(map.x_labels[1], "2");
  EXPECT_EQ(map.y_labels, (std::vector<std::string>{"1", "0"}));
  EXPECT_EQ(map.values[0][0], 1);
  EXPECT_EQ(map.values[1][2], 0.99);
  EXPECT_EQ(map.values[1][0], 0.5);
  EXPECT_PRED2(has, plotted.caption, "of 2 dimensions");
  EXPECT_PRED2(has, plotted.caption, "1:1 (layer:dimension), with 1.");
}

TEST(Figures, OverlapIsTheShareOfTheTopThatTasksHaveInCommon) {
  FigureStudy study("title: T\nmodels: [m]\ntasks: {copa: , boolq: }\nmethods: {A: {}}\n" +
                    std::string("figures: [{name: f, kind: overlap, k: 4}]\n"));
  for (const std::string task : {"copa", "boolq"}) {
    study.tested("A", measured(60), task);
    study.done("A", task).ranking = task;
  }
  save_ranking(made_ranking({1, 2, 3, 4}), study.folder().ranking("copa"));
  save_ranking(made_ranking({4, 130, 131, 132}), study.folder().ranking("boolq"));
  const PlottedFigure plotted = only_figure(study);
  const auto& map = std::get<HeatMap>(plotted.figure.content);
  EXPECT_TRUE(std::isnan(map.values[0][0]));
  EXPECT_EQ(map.values[0][1], 25);
  EXPECT_EQ(map.values[1][0], 25);
  EXPECT_EQ(map.range->high, 25);
  EXPECT_PRED2(has, plotted.caption, "1.56 % of them (4 of 256)");
}

TEST(Figures, AreSkippedWhereResultsAreMissing) {
  const FigureStudy study(figures_head + "methods: {A: {plan: {k: [1, 2]}}}\nfigures:\n" +
                          "  - {name: one, kind: curve, x: plan.k}\n"
                          "  - {name: two, kind: accuracies}\n"
                          "  - {name: three, kind: scores}\n");
  const CapturedLog log;
  EXPECT_TRUE(figures_of(study).empty());
  EXPECT_PRED2(has, log.text(), "figure one is skipped");
  EXPECT_PRED2(has, log.text(), "A on copa (m) has no results");
  EXPECT_PRED2(has, log.text(), "austeer sweep " + study.study().file.string());
  EXPECT_PRED2(has, log.text(), "figure two is skipped");
  EXPECT_PRED2(has, log.text(), "vanilla on copa (m)");
  EXPECT_PRED2(has, log.text(), "figure three is skipped");
}

TEST(Figures, WithoutARankingFileAreSkipped) {
  FigureStudy study(figures_head + "methods: {A: {}}\nfigures: [{name: f, kind: scores}]\n");
  study.tested("A", measured(60));
  study.done("A").ranking = "gone";
  const CapturedLog log;
  EXPECT_TRUE(figures_of(study).empty());
  EXPECT_PRED2(has, log.text(), "no ranking");
}

TEST(Figures, OfTasksWithoutToxicityHaveNoFrontier) {
  FigureStudy study(figures_head + "methods: {A: {}}\nfigures: [{name: f, kind: frontier}]\n");
  study.tested(vanilla, measured(50));
  study.tested("A", measured(60));
  const CapturedLog log;
  EXPECT_TRUE(figures_of(study).empty());
  EXPECT_PRED2(has, log.text(), "not scored by toxicity");
}

TEST(Figures, AreDrawnAndListedAndOldOnesRemoved) {
  testing::MadeStudy study(figures_head +
                           "methods: {A: {}}\nfigures: [{name: f, kind: accuracies}]\n");
  study.tested(vanilla, study.cell("1100"));
  study.tested("A", study.cell("1110"));
  const std::filesystem::path place = study.folder().root() / "figures";
  make_folder(place);
  write_file(place / "figures.json", R"([{"name": "old"}, {"name": "../kept"}])");
  write_file(place / "old.svg", "<svg/>");
  write_file(place / "other.svg", "<svg/>");
  write_file(study.folder().root() / "kept.svg", "<svg/>");
  const auto written = write_figures(study.study(), study.folder());
  ASSERT_EQ(written.size(), 5U);
  for (const std::filesystem::path& file : written) EXPECT_GT(read_file(file).size(), 50U) << file;
  const Json list = read_json(place / "figures.json");
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].at("name"), "f");
  EXPECT_PRED2(has, list[0].at("alt").get<std::string>(), "A: 75 (copa)");
  EXPECT_FALSE(std::filesystem::exists(place / "old.svg"));
  EXPECT_TRUE(std::filesystem::exists(place / "other.svg"));
  EXPECT_TRUE(std::filesystem::exists(study.folder().root() / "kept.svg"));
}

}  // namespace
}  // namespace austeer
