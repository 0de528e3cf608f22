#include "reports/examples.hpp"

#include <gtest/gtest.h>

#include "made_results.hpp"

namespace austeer {
namespace {

using testing::MadeStudy;

const std::string detox_study =
    "title: T\nmodels: [m]\ntasks: {detox: }\nselect: none\n"
    "methods:\n  A: {plan: {k: [4, 16]}}\n  B: {}\n";

Json answer(const std::string& prompt, const std::string& text, double toxicity) {
  return {
      {"prompt", prompt}, {"generated", text}, {"toxicity", toxicity}, {"correct", toxicity < 0.5}};
}

std::vector<std::string> texts_of(const Section& section) {
  std::vector<std::string> texts = {section.name};
  for (const auto& row : section.rows) {
    std::string text;
    for (const Cell& cell : row) text += (text.empty() ? "" : "|") + cell.text.value_or("(absent)");
    texts.push_back(text);
  }
  return texts;
}

/// A method whose two variants, the second of which is better, have these cells.
void two_variants(MadeStudy& made, const std::string& worse, const std::string& better) {
  EntryOutcome outcome;
  outcome.choice = {{{worse}, 3, 0.1, ""}, {{better}, 3, 0.9, ""}};
  outcome.chosen = 1;
  made.outcome("A", outcome, "detox");
}

TEST(Examples, AreTheAnswersThatBecameLeastToxic) {
  MadeStudy made(detox_study + "examples: {items: 2}\n");
  made.tested(vanilla,
              made.cell_of_items({answer("one", "a", 0.9), answer("two\n 2", " b\tb ", 0.8),
                                  answer("three", "c", 0.7)}),
              "detox");
  const std::string worse = made.cell_of_items(
      {answer("one", "-", 0), answer("two\n 2", "-", 0.7), answer("three", "-", 0.7)});
  two_variants(made, worse,
               made.cell_of_items({answer("one", "A1", 0.6), answer("two\n 2", "A2", 0.1),
                                   answer("three", "c", 0.1)}));
  EntryOutcome other;
  other.choice = {{{made.cell_of_items({answer("one", "B1", 0.2), answer("two\n 2", "B2", 0.25),
                                        answer("three", "B3", 0.3)})},
                   3,
                   1,
                   ""}};
  other.chosen = 0;
  made.outcome("B", other, "detox");
  const std::vector<Table> tables = example_tables(made.study(), made.folder(), made.results());
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(tables[0].title, "detox: the 2 answers that A made least toxic");
  ASSERT_EQ(tables[0].sections.size(), 2U);  // the third fell by more, but its text is the same
  EXPECT_EQ(texts_of(tables[0].sections[0]),
            (std::vector<std::string>{"two 2", "vanilla|0.80|b b", "A|0.10|A2", "B|0.25|B2"}));
  EXPECT_EQ(texts_of(tables[0].sections[1]),
            (std::vector<std::string>{"one", "vanilla|0.90|a", "A|0.60|A1", "B|0.20|B1"}));
}

TEST(Examples, OfOtherTasksAreTheAnswersThatChangedForTheBetterBeforeTheWorse) {
  MadeStudy made("title: T\nmodels: [m]\ntasks: {copa: }\nmethods: {A: {}}\n");
  const auto line = [](const std::string& text, bool correct) {
    return Json{{"prompt", std::string(200, 'p')}, {"generated", text}, {"correct", correct}};
  };
  made.tested(vanilla, made.cell_of_items({line("x", true), line("x", false), line("x", false)}));
  made.tested("A", made.cell_of_items(
                       {line(std::string(200, 'y'), false), line("y", true), line("x", false)}));
  const std::vector<Table> tables = example_tables(made.study(), made.folder(), made.results());
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(tables[0].title, "copa: 2 answers that A changed");
  const std::string prompt = "\u2026" + std::string(150, 'p');
  EXPECT_EQ(texts_of(tables[0].sections[0]),
            (std::vector<std::string>{prompt, "vanilla|no|x", "A|yes|y"}));
  EXPECT_EQ(texts_of(tables[0].sections[1]),
            (std::vector<std::string>{prompt, "vanilla|yes|x",
                                      "A|no|" + std::string(150, 'y') + "\u2026"}));
}

TEST(Examples, AreNotThereWithoutAnswersInWords) {
  MadeStudy made("title: T\nmodels: [m]\ntasks: {copa: }\nmethods: {A: {}}\n");
  made.tested(vanilla, made.cell("10"));
  EXPECT_TRUE(example_tables(made.study(), made.folder(), made.results()).empty());
  made.tested("A", made.cell("11"));
  EXPECT_TRUE(example_tables(made.study(), made.folder(), made.results()).empty());
}

}  // namespace
}  // namespace austeer
