#include "reports/study_table.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "made_results.hpp"

namespace austeer {
namespace {

using testing::hits;
using testing::MadeStudy;

/// The cell in the row that opens with `label`, below this header and group.
const Cell& cell_of(const Table& table, const std::string& label, const std::string& group,
                    const std::string& header, std::size_t section = 0) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].group != group || table.columns[i].header != header) continue;
    for (const auto& row : table.sections.at(section).rows) {
      if (row[0].text == label) return row[i];
    }
  }
  throw std::out_of_range(label + ", " + group + ": " + header);
}

std::string text_of(const Table& table, const std::string& label, const std::string& group,
                    const std::string& header) {
  return cell_of(table, label, group, header).text.value_or("(absent)");
}

bool has_header(const Table& table, const std::string& header) {
  return std::ranges::any_of(table.columns,
                             [&](const Column& column) { return column.header == header; });
}

std::string all_notes(const Table& table) {
  std::string notes;
  for (const std::string& note : table.notes) notes += note + "\n";
  return notes;
}

void expect_note(const Table& table, const std::string& part, bool there = true) {
  EXPECT_EQ(all_notes(table).find(part) != std::string::npos, there) << part << "\nin\n"
                                                                     << all_notes(table);
}

const std::string points = "\u0394 (points)";

const std::string two_methods =
    "title: T\nmodels: [m]\ntasks: {copa: {pairs: 300}}\n"
    "methods:\n"
    "  A:\n    rank: {site: attention}\n    plan: {k: 4}\n    controls: [random, layer]\n"
    "  B:\n    rank: {site: ffn}\n    plan: {k: 16}\n";

/// 100 items: vanilla gets 50, A 70, its random control 69, its layer control 45, B 52.
class TwoMethods : public MadeStudy {
 public:
  explicit TwoMethods(const std::string& more = "") : MadeStudy(two_methods + more) {
    tested(vanilla, cell(hits(50, 100)));
    EntryOutcome a;
    a.chosen = 0;
    a.tests = {{0, "", {}, cell(hits(70, 100), 4)},
               {0, "random", 0, cell(hits(69, 100), 4)},
               {0, "layer", 0, cell(hits(45, 100), 4)}};
    outcome("A", a);
    tested("B", cell(hits(52, 100), 16));
  }
};

TEST(StudyTable, HasAccuraciesWithWilsonsIntervals) {
  const TwoMethods made;
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(table.sections.at(0).name, "m");
  EXPECT_EQ(table.sections[0].rows.size(), 5U);
  EXPECT_EQ(table.sections[0].rows[2][0].text, "\u21B3 random units");
  EXPECT_EQ(text_of(table, vanilla, "copa", "accuracy (%)"), "50.0 [40.4, 59.6]");
  EXPECT_EQ(text_of(table, "A", "copa", "accuracy (%)"), "70.0 [60.4, 78.1]");
  EXPECT_EQ(text_of(table, "A", "", "#Acts"), "4");
  EXPECT_EQ(text_of(table, vanilla, "", "#Acts"), "0");
  EXPECT_FALSE(has_header(table, "paper (%)"));
}

TEST(StudyTable, StarsWhatIsSignificant) {
  const TwoMethods made;
  const Table table = make_table(made.study(), made.results());
  // A: 20 items for it, none against it: p = 2^-19, twice that by Holm. B: 2 items, p = 0.5.
  EXPECT_TRUE(text_of(table, "A", "copa", points).starts_with("+20.0* [+"));
  EXPECT_TRUE(text_of(table, "B", "copa", points).starts_with("+2.0 [0.0, +"));
  EXPECT_EQ(text_of(table, vanilla, "copa", points), "");
  EXPECT_TRUE(text_of(table, "\u21B3 random units of the same layers", "copa", points)
                  .starts_with("\u22125.0 [\u2212"));
  expect_note(table, "adjusted by Holm for 2 comparisons");
  expect_note(table, "copa: 100 items, at most 300 pairs to learn from.");
}

TEST(StudyTable, SetsTheBestMethodBoldControlsAside) {
  const TwoMethods made;
  const Table table = make_table(made.study(), made.results());
  EXPECT_TRUE(cell_of(table, "A", "copa", "accuracy (%)").bold);
  EXPECT_FALSE(cell_of(table, "B", "copa", "accuracy (%)").bold);
  EXPECT_FALSE(cell_of(table, vanilla, "copa", "accuracy (%)").bold);
  EXPECT_FALSE(cell_of(table, "\u21B3 random units", "copa", "accuracy (%)").bold);
}

TEST(StudyTable, NamesTheControlsThatAreNotBeaten) {
  const TwoMethods made;
  const Table table = make_table(made.study(), made.results());
  // One item more than the random control; 25 more than the other.
  expect_note(table, "A on copa does not clearly beat its control: random units (+1.0 points [0.0");
  expect_note(table, "the same layers (", false);
}

TEST(StudyTable, GivesAProgramOneNumberACell) {
  const TwoMethods made;
  const Table table = make_table(made.study(), made.results(), TableReader::program);
  EXPECT_EQ(text_of(table, "A", "copa", "accuracy (%)"), "70.00");
  EXPECT_EQ(text_of(table, "A", "copa", "low"), "60.42");
  EXPECT_EQ(text_of(table, "A", "copa", "high"), "78.11");
  EXPECT_EQ(text_of(table, "A", "copa", points), "+20.00");
  EXPECT_EQ(text_of(table, "A", "copa", "adjusted p"), "3.815e-06");
  EXPECT_EQ(text_of(table, "B", "copa", "adjusted p"), "0.5");
  EXPECT_EQ(text_of(table, vanilla, "copa", "adjusted p"), "(absent)");
}

TEST(StudyTable, LeavesOutWhatIsNotAskedFor) {
  const TwoMethods made("table: {intervals: false, controls: false, title: Mine}\n");
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(table.title, "Mine");
  EXPECT_EQ(table.sections.at(0).rows.size(), 3U);
  EXPECT_EQ(text_of(table, "A", "copa", "accuracy (%)"), "70.0");
  EXPECT_EQ(text_of(table, "A", "copa", points), "+20.0*");
}

TEST(StudyTable, HasDashesForWhatWasNotRunOrFailed) {
  MadeStudy made(two_methods);
  made.tested(vanilla, made.cell(hits(50, 100)));
  made.tested("B", made.failed_cell("the ranking has no values"));
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(text_of(table, "A", "copa", "accuracy (%)"), "(absent)");
  EXPECT_EQ(text_of(table, "A", "copa", points), "(absent)");
  EXPECT_EQ(text_of(table, "A", "", "#Acts"), "(absent)");
  EXPECT_EQ(text_of(table, "B", "copa", "accuracy (%)"), "(absent)");
  EXPECT_NE(to_markdown(table).find("| A | \u2014 | \u2014 | \u2014 |"), std::string::npos);
  expect_note(table, "1 of 3 entries have not been run: A on copa.");
  expect_note(table, "B on copa could not be carried out: the ranking has no values");
  expect_note(table, "Holm", false);
}

TEST(StudyTable, StandsBesidePublishedFigures) {
  const TwoMethods made(
      "published: {m: {vanilla: {copa: 70.8}, A: {copa: 82.8}}, other: {C: {x: 1}}}\n");
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(text_of(table, "A", "copa", "ours (%)"), "70.0 [60.4, 78.1]");
  EXPECT_EQ(text_of(table, "A", "copa", "paper (%)"), "82.8");
  EXPECT_EQ(text_of(table, "A", "copa", "ours \u2212 paper"), "\u221212.8");
  EXPECT_EQ(text_of(table, vanilla, "copa", "ours \u2212 paper"), "\u221220.8");
  EXPECT_EQ(text_of(table, "B", "copa", "paper (%)"), "(absent)");
  EXPECT_EQ(text_of(table, "B", "copa", "ours \u2212 paper"), "(absent)");
}

TEST(StudyTable, AveragesOnlyWhatIsWhole) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {copa: , boolq: }\n"
      "methods: {A: {rank: {site: ffn}}, B: {rank: {site: attention}}}\n"
      "published: {m: {vanilla: {copa: 50, boolq: 71}, A: {average: 61.34}}}\n");
  made.tested(vanilla, made.cell(hits(50, 100)));
  made.tested(vanilla, made.cell(hits(140, 200)), "boolq");
  made.tested("A", made.cell(hits(60, 100), 16));
  made.tested("A", made.cell(hits(150, 200), 100), "boolq");
  made.tested("B", made.cell(hits(90, 100), 4));
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(text_of(table, "A", "", "#Acts"), "16\u2013100");
  EXPECT_EQ(text_of(table, vanilla, "average", "ours (%)"), "60.0");
  EXPECT_EQ(text_of(table, "A", "average", "ours (%)"), "67.5");  // of 60 and 75
  EXPECT_EQ(text_of(table, "A", "average", points), "+7.5");      // of 10 and 5
  EXPECT_EQ(text_of(table, "A", "average", "paper (%)"), "61.34");
  EXPECT_EQ(text_of(table, "A", "average", "ours \u2212 paper"), "+6.2");
  EXPECT_EQ(text_of(table, vanilla, "average", "paper (%)"), "60.50");
  EXPECT_EQ(text_of(table, "B", "average", "ours (%)"), "(absent)");
  EXPECT_EQ(text_of(table, "B", "average", points), "(absent)");
  EXPECT_TRUE(cell_of(table, "A", "average", "ours (%)").bold);
  EXPECT_TRUE(cell_of(table, "B", "copa", "ours (%)").bold);
}

TEST(StudyTable, SaysLoudlyWhatWasChosenOnTheTestItems) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {copa: }\nselect: test\n"
      "methods: {A: {plan: {k: [4, 16]}}}\n");
  made.tested(vanilla, made.cell(hits(50, 100)));
  const std::string four = made.cell(hits(55, 100), 4), sixteen = made.cell(hits(60, 100), 16);
  EntryOutcome a;
  a.choice = {{{four}, 100, 0.55, ""}, {{sixteen}, 100, 0.6, ""}};
  a.chosen = 1;
  a.evaluations = 200;
  a.tests = {{1, "", {}, sixteen}};
  made.outcome("A", a);
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(table.title, "T (hyper-parameters chosen on the test items)");
  EXPECT_EQ(text_of(table, "A", "copa", "accuracy, best on test (%)"), "60.0 [50.2, 69.1]");
  expect_note(table, "CHOSEN ON THE TEST ITEMS");
  EXPECT_NE(to_csv(table).find("best on test"), std::string::npos);
}

TEST(StudyTable, SaysWhatARaceUsed) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {copa: {dev_items: 100}}\nselect: race\nrace_share: 0.25\n"
      "methods: {A: {plan: {k: [4, 16]}}}\n");
  EntryOutcome a;
  a.choice = {{{made.cell(hits(5, 10))}, 10, 0.5, ""},
              {{made.cell(hits(7, 10)), made.cell(hits(9, 20))}, 30, 16.0 / 30, ""}};
  a.chosen = 1;
  a.evaluations = 40;
  a.tests = {{1, "", {}, made.cell(hits(60, 100), 16)}};
  made.outcome("A", a);
  const Table table = make_table(made.study(), made.results());
  expect_note(table, "by a race on items of their own");
  expect_note(table, "It took 40 evaluations; every variant on every item would take 200: 20 %");
  expect_note(table, "allows 25 %");
}

/// A choice task's lines: the answers "A" and "B" are in form, of which A is right.
class Answered : public MadeStudy {
 public:
  using MadeStudy::MadeStudy;

  /// A cell in which so many answers are right, wrong in form, and out of form.
  std::string answers(std::size_t right, std::size_t wrong, std::size_t astray) {
    const Json task = {{"label", "label"}, {"answers", {{"0", "A"}, {"1", " B"}}}};
    std::vector<Json> lines;
    const auto add = [&](std::size_t count, const char* text, bool correct) {
      for (std::size_t i = 0; i < count; ++i) {
        lines.push_back({{"generated", text}, {"correct", correct}});
      }
    };
    add(right, " a", true);
    add(wrong, "B\n", false);
    add(astray, "To", false);
    const std::string key = "answers" + std::to_string(++cells_);
    write_result(folder().cell(key), "eval", {{"task", task}},
                 {{"metric", "exact_match"}, {"activations_per_token", 4}}, Json::object(), lines);
    return key;
  }

 private:
  int cells_ = 0;
};

TEST(StudyTable, HasTheShareInFormAndWhatIsRightOfIt) {
  Answered made("title: T\nmodels: [m]\ntasks: {copa: }\nmethods: {A: {plan: {k: 4}}}\n");
  made.tested(vanilla, made.answers(29, 27, 44));
  made.tested("A", made.answers(50, 50, 0));
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(text_of(table, vanilla, "copa", "in form (%)"), "56.0");
  EXPECT_EQ(text_of(table, vanilla, "copa", "right of those (%)"), "51.8");
  EXPECT_EQ(text_of(table, "A", "copa", "in form (%)"), "100.0");
  EXPECT_EQ(text_of(table, "A", "copa", "right of those (%)"), "50.0");
  expect_note(table, "one of form alone");
  made.tested("A", made.answers(0, 0, 100));
  EXPECT_EQ(text_of(make_table(made.study(), made.results()), "A", "copa", "right of those (%)"),
            "(absent)");
}

TEST(StudyTable, HasMeanAndRangeOfDraws) {
  Answered made(
      "title: T\nmodels: [m]\ntasks: {copa: }\nselect: none\nseeds: [3, 4]\n"
      "methods: {R: {plan: {control: random, k: [4, 8]}}}\n");
  made.tested(vanilla, made.answers(40, 60, 0));
  EntryOutcome r;
  r.choice = {{{made.answers(30, 70, 0), made.answers(60, 20, 20)}, 100, 0.45, "", 2},
              {{made.answers(50, 50, 0), made.answers(50, 50, 0)}, 100, 0.5, "", 2}};
  r.chosen = 1;
  made.outcome("R", r);
  Table table = make_table(made.study(), made.results());
  EXPECT_TRUE(text_of(table, "R, k 4", "copa", "accuracy (%)").starts_with("45.0 ["));
  EXPECT_TRUE(text_of(table, "R, k 4", "copa", "accuracy (%)").ends_with("] (30.0\u201360.0)"));
  EXPECT_EQ(text_of(table, "R, k 4", "copa", "in form (%)"), "90.0");
  EXPECT_EQ(text_of(table, "R, k 4", "copa", "right of those (%)"), "50.0");
  expect_note(table, "the least and the greatest draw");
  table = make_table(made.study(), made.results(), TableReader::program);
  EXPECT_EQ(text_of(table, "R, k 4", "copa", "accuracy (%)"), "45.00");
  EXPECT_EQ(text_of(table, "R, k 4", "copa", "least draw"), "30.00");
  EXPECT_EQ(text_of(table, "R, k 4", "copa", "greatest draw"), "60.00");
  EXPECT_EQ(text_of(table, vanilla, "copa", "least draw"), "(absent)");
}

TEST(StudyTable, SaysHowManyPairsAreLeft) {
  MadeStudy made(two_methods);
  EntryOutcome b;
  b.chosen = 0;
  b.tests = {{0, "", {}, made.cell(hits(52, 100), 16)}};
  b.pairs = {260, 300};
  made.outcome("B", b);
  expect_note(make_table(made.study(), made.results()),
              "copa: 260 of 300 pairs are left to learn from");
  b.pairs = {300, 300};
  made.outcome("B", b);
  expect_note(make_table(made.study(), made.results()), "left to learn from", false);
}

TEST(StudyTable, NamesSettingsAndTasks) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {copa: , boolq: }\n"
      "methods: {A: {rank: {site: ffn}, plan: {k: 4}, settings: {m: {boolq: {plan: {k: 9}}}}},\n"
      "          B: {tasks: [copa]}}\n");
  made.tested("A", made.cell(hits(60, 100), 9), "boolq");
  made.tested("B", made.cell(hits(60, 100), 9));
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(text_of(table, "A", "", "#Acts"), "9");
  EXPECT_EQ(text_of(table, "B", "boolq", "accuracy (%)"), "(absent)");
  expect_note(table, "A: boolq (site ffn, k 9)");
  expect_note(table, "B runs on copa alone.");
  expect_note(table, "3 of 5 entries have not been run: vanilla on copa, A on copa and vanilla on");
}

TEST(StudyTable, ListsVariants) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {copa: }\nselect: none\n"
      "methods: {A: {plan: {k: [4, 16]}}}\n"
      "published: {m: {'A, k 16': {copa: 77.2}}}\n");
  made.tested(vanilla, made.cell(hits(50, 100)));
  EntryOutcome a;
  a.choice = {{{made.cell(hits(56, 100), 4)}, 100, 0.56, ""},
              {{made.cell(hits(70, 100), 16)}, 100, 0.7, ""}};
  a.chosen = 1;
  made.outcome("A", a);
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(table.columns[0].header, "variant");
  EXPECT_TRUE(text_of(table, "A, k 4", "copa", "ours (%)").starts_with("56.0 "));
  // 6 items for it, none against: p = 1/32, and by Holm over the two variants still 1/32.
  EXPECT_TRUE(text_of(table, "A, k 4", "copa", points).starts_with("+6.0* ["));
  EXPECT_EQ(text_of(table, "A, k 16", "copa", "ours \u2212 paper"), "\u22127.2");
  EXPECT_EQ(text_of(table, "A, k 4", "copa", "paper (%)"), "(absent)");
  EXPECT_EQ(text_of(table, "A, k 16", "", "#Acts"), "16");
  expect_note(table, "every variant met the test items");
}

TEST(StudyTable, ComparesVariantsOfAChoiceWithNothing) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {copa: }\ntable: {rows: variants}\n"
      "methods: {A: {plan: {k: [4, 16]}}}\n");
  made.tested(vanilla, made.cell(hits(50, 100)));
  EntryOutcome a;
  a.choice = {{{made.cell(hits(56, 100), 4)}, 100, 0.56, ""}, {{}, 0, 0, "too few units"}};
  a.chosen = 0;
  a.tests = {{0, "", {}, made.cell(hits(60, 100), 4)}};
  made.outcome("A", a);
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(table.sections.at(0).rows.size(), 2U);
  EXPECT_TRUE(text_of(table, "A, k 4", "copa", "accuracy (%)").starts_with("56.0 "));
  EXPECT_EQ(text_of(table, "A, k 4", "copa", points), "(absent)");
  EXPECT_EQ(text_of(table, "A, k 16", "copa", "accuracy (%)"), "(absent)");
  expect_note(table, "not on the test items");
  expect_note(table, "A on copa: 1 of 2 variants could not be carried out: too few units");
}

TEST(StudyTable, ShowsWhatDetoxificationCosts) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {copa: , detox: }\nmethods: {A: {rank: {site: ffn}}}\n");
  made.tested(vanilla, made.cell(hits(50, 100)));
  made.tested("A", made.cell(hits(60, 100)));
  made.tested(vanilla,
              made.cell(hits(80, 100), 0, {{"toxic_rate", 0.2}, {"fluency", 5.125}, {"cost", 2}}),
              "detox");
  made.tested("A",
              made.cell(hits(90, 100), 9, {{"toxic_rate", 0.1}, {"fluency", 4}, {"cost", nullptr}}),
              "detox");
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(text_of(table, vanilla, "detox", "not toxic (%)"), "80.0 [71.1, 86.7]");
  EXPECT_EQ(text_of(table, vanilla, "detox", "cost"), "2.00");
  EXPECT_EQ(text_of(table, "A", "detox", "fluency"), "4.00");
  EXPECT_EQ(text_of(table, "A", "detox", "cost"), "(absent)");
  EXPECT_EQ(text_of(table, "A", "average", "accuracy (%)"), "60.0") << "answers alone";
  expect_note(table, "Perspective", false);
}

TEST(StudyTable, TakesNoDifferenceOfTwoScorers) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {detox: }\nmethods: {A: {rank: {site: ffn}}}\n"
      "published: {m: {A: {detox: 89.24}}}\n");
  made.tested(vanilla, made.cell(hits(80, 100), 0, {{"toxic_rate", 0.2}}), "detox");
  made.tested("A", made.cell(hits(90, 100), 9, {{"toxic_rate", 0.1}}), "detox");
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(text_of(table, "A", "detox", "paper (%)"), "89.24");
  EXPECT_FALSE(has_header(table, "ours \u2212 paper"));
  expect_note(table, "Perspective API, a service that has ended");
}

TEST(StudyTable, HasASectionForEachTaskWhereAsked) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {copa: , detox: }\nselect: none\n"
      "methods: {A: {}, B: {tasks: [copa]}}\ntable: {sections: tasks}\n");
  made.tested(vanilla, made.cell(hits(50, 100)));
  made.tested(vanilla, made.cell(hits(80, 100), 0, {{"toxic_rate", 0.2}, {"cost", 2}}), "detox");
  const auto tried = [&](const std::string& method, const std::string& task,
                         const std::string& cell) {
    EntryOutcome outcome;
    outcome.choice = {{{cell}, 100, 0.5, ""}};
    outcome.chosen = 0;
    made.outcome(method, outcome, task);
  };
  tried("A", "copa", made.cell(hits(60, 100), 4));
  tried("B", "copa", made.cell(hits(40, 100), 8));
  tried("A", "detox", made.cell(hits(90, 100), 16, {{"toxic_rate", 0.1}, {"cost", 3.25}}));
  const Table table = make_table(made.study(), made.results());
  EXPECT_EQ(table.section_header, "task");
  ASSERT_EQ(table.sections.size(), 2U);
  EXPECT_EQ(table.sections[0].name, "copa");
  EXPECT_EQ(table.sections[0].rows.size(), 3U);
  EXPECT_EQ(table.sections[1].rows.size(), 2U);  // B does not run on detox
  EXPECT_EQ(cell_of(table, "A", "", "accuracy (%)", 0).text, "60.0 [50.2, 69.1]");
  EXPECT_EQ(cell_of(table, "B", "", "#Acts", 0).text, "8");
  EXPECT_EQ(cell_of(table, "A", "", "cost", 0).text, std::nullopt);
  EXPECT_EQ(cell_of(table, "A", "", "not toxic (%)", 1).text, "90.0 [82.6, 94.5]");
  EXPECT_EQ(cell_of(table, "A", "", "cost", 1).text, "3.25");
  EXPECT_EQ(cell_of(table, "A", "", "#Acts", 1).text, "16");
  EXPECT_EQ(cell_of(table, "A", "", "accuracy (%)", 1).text, std::nullopt);
}

TEST(StudyTable, RefusesKeysThatItDoesNotKnow) {
  const auto refuses = [](const std::string& more, const std::string& part) {
    testing::expect_refusal<Error>([&] { MadeStudy(two_methods + more); }, part);
  };
  refuses("table: {interval: true}\n", "intervals");
  refuses("table: {rows: method}\n", "did you mean 'methods'");
  refuses("table: {average: 3}\n", "true or false");
  refuses("table: {sections: task}\n", "did you mean 'tasks'");
  refuses("table: {sections: tasks, average: true}\n", "no column for it");
  testing::expect_refusal<Error>(
      [&] {
        MadeStudy(
            "title: T\nmodels: [m]\ntasks: {copa: }\nselect: none\n"
            "methods: {A: {}}\ntable: {rows: methods}\n");
      },
      "no variant of a method is chosen");
  refuses("published: {m: {Vanila: {copa: 1}}}\n", "did you mean 'vanilla'");
  refuses("published: {m: {A: {copaa: 1}}}\n", "did you mean 'copa'");
  refuses("published: {m: {A: {copa: 101}}}\n", "from 0 to 100");
  refuses("published: {other: {A: 3}}\n", "published");
  const MadeStudy others(two_methods + "published: {other: {C: {x: 3.5}}, m: {ITI: {svamp: 4}}}\n");
  EXPECT_EQ(others.study().published.find("m", "ITI", "svamp"), 4.0);
}

}  // namespace
}  // namespace austeer
