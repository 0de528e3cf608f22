#include "reports/frontiers.hpp"

#include <gtest/gtest.h>

#include "made_figures.hpp"
#include "reports/study_table.hpp"

namespace austeer {
namespace {

using testing::detoxified;
using testing::FigureStudy;

const std::string frontier_study =
    "title: T\nmodels: [m]\ntasks: {detox: }\nselect: none\n"
    "methods:\n  A: {plan: {alpha: [1, 2, 3]}}\n  CAA: {plan: {alpha: [1, 2]}}\n"
    "figures: [{name: f, kind: frontier, opponent: CAA}]\n";

/// Unsteered 40 % are toxic at 1 nat; CAA's line goes over 30 % at 2 to 10 % at 4.
void add_opponent(FigureStudy& study) {
  study.tested(vanilla, detoxified(60, 1), "detox");
  study.tried("CAA", {detoxified(70, 2), detoxified(90, 4)}, "detox");
}

TEST(Frontiers, HoldEachPointAgainstTheOpponentsLine) {
  FigureStudy study(frontier_study);
  add_opponent(study);
  // At 3 nats the line is at 20 % [13.4, 29.1]: 15 % is below it, 5 % clearly, at 5 nats there is
  // no line; at 1.5 nats it is at 35 %, and the point above it.
  study.tried("A", {detoxified(60, 1.5), detoxified(85, 3), detoxified(95, 5)}, "detox");
  EXPECT_EQ(frontier_sentences(study.study(), study.results()),
            (std::vector<std::string>{
                "A on detox: of 2 points at costs that CAA reaches, below its line at 3.00 nats; "
                "clearly, with intervals apart, at none."}));
}

TEST(Frontiers, SayWhereNothingIsBelow) {
  FigureStudy study(frontier_study);
  add_opponent(study);
  study.tried("A", {detoxified(60, 1.5)}, "detox");
  EXPECT_EQ(frontier_sentences(study.study(), study.results()),
            (std::vector<std::string>{"A on detox: of 1 point at costs that CAA reaches, below its "
                                      "line at none; clearly, with intervals apart, at none."}));
}

TEST(Frontiers, SayWhatIsClearlyBelow) {
  FigureStudy study(frontier_study);
  add_opponent(study);
  study.tried("A", {detoxified(80, 1.5), detoxified(97, 3), detoxified(99, 0.5)}, "detox");
  EXPECT_EQ(frontier_sentences(study.study(), study.results()),
            (std::vector<std::string>{
                "A on detox: of 2 points at costs that CAA reaches, below its line at 1.50 and "
                "3.00 nats; clearly, with intervals apart, at 3.00 nats."}));
  const Table table = make_table(study.study(), study.results());
  EXPECT_TRUE(std::ranges::any_of(table.notes, [](const std::string& note) {
    return note.starts_with("A on detox: of 2 points at costs that CAA reaches");
  }));
}

TEST(Frontiers, SayWhereNothingCanBeCompared) {
  FigureStudy study(frontier_study);
  add_opponent(study);
  EXPECT_TRUE(frontier_sentences(study.study(), study.results()).empty());
  study.tried("A", {detoxified(80, 9)}, "detox");
  EXPECT_EQ(frontier_sentences(study.study(), study.results()),
            (std::vector<std::string>{"A on detox: no point at a cost that CAA reaches."}));
}

TEST(Frontiers, LeaveOutAnswersThatAreAllEmpty) {
  FigureStudy study(frontier_study);
  add_opponent(study);
  Measured empty = detoxified(100, 0);
  empty.cost.reset();
  study.tried("A", {empty, detoxified(85, 3)}, "detox");
  EXPECT_EQ(frontier_points(study.study(), study.done("A", "detox")).size(), 1U);
}

}  // namespace
}  // namespace austeer
