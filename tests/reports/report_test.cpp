#include "reports/report.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/paths.hpp"
#include "made_results.hpp"
#include "tasks/task.hpp"

namespace austeer {
namespace {

using testing::hits;
using testing::MadeStudy;

const std::string one_method =
    "title: T\nquestion: Does it help?\nmodels: [m]\ntasks: {copa: {dev_items: 20}}\n"
    "methods: {A: {rank: {site: ffn}, plan: {k: [4, 16, 64], alpha: [1, 2]}}}\n";

std::string page_of(const MadeStudy& made) {
  return make_report(made.study(), made.folder(), made.results(), report_figures(made.folder()));
}

void expect_on(const std::string& page, const std::string& part, bool there = true) {
  EXPECT_EQ(page.find(part) != std::string::npos, there) << part;
}

/// Vanilla gets `base` of `count` items, A, chosen from six variants, `ours`.
void fill(MadeStudy& made, std::size_t base, std::size_t ours, std::size_t count,
          std::size_t chosen, const Json& configuration = Json::object()) {
  made.tested(vanilla, made.cell(hits(base, count), 0, Json::object(), configuration));
  EntryOutcome a;
  for (std::size_t i = 0; i < 6; ++i) {
    a.choice.push_back({{made.cell(hits(i == chosen ? 15 : 10, 20), 4)}, 20, 0.5, ""});
  }
  a.chosen = chosen;
  a.evaluations = 120;
  a.tests = {{chosen, "", {}, made.cell(hits(ours, count), 4, Json::object(), configuration)}};
  made.outcome("A", a);
}

TEST(Report, SaysWhatCameOut) {
  MadeStudy made(one_method);
  fill(made, 250, 300, 500, 2);
  const std::string page = page_of(made);
  expect_on(page, "Does it help?");
  expect_on(page,
            "Of 1 comparison with the unsteered model, 1 is significantly better, 0 are "
            "significantly worse, and 0 cannot be told from chance");
  expect_on(page, "m, copa: the unsteered model gets 50.0 % [45.6, 54.4] of 500 items right.");
  expect_on(page, "Significantly better: A (+10.0 points [+");
  expect_on(page, "p &lt; 0.001).");
  expect_on(page, "k 4, 16, 64; alpha 1, 2");
  expect_on(page, "k 16, alpha 1");
  expect_on(page, "site ffn");
}

TEST(Report, WarnsOfNothingWithoutReason) {
  MadeStudy made(one_method);
  fill(made, 250, 300, 500, 2);
  expect_on(page_of(made), "class=\"warning\"", false);
}

TEST(Report, WarnsOfWorse) {
  MadeStudy made(one_method);
  fill(made, 300, 250, 500, 2);
  const std::string page = page_of(made);
  expect_on(page, "Significantly worse: A (\u221210.0 points [\u2212");
  expect_on(page, "Significantly better:", false);
}

TEST(Report, WarnsOfFewItemsAndOfNothingSignificant) {
  MadeStudy made(one_method);
  fill(made, 4, 5, 8, 2);
  const std::string page = page_of(made);
  expect_on(page, "copa: too few items. With 8 items");
  expect_on(page, "reaches 28.5 points to each side");
  expect_on(page, "Nothing is significant");
  expect_on(page, "Not to be told from it: A (+12.5 points");
}

TEST(Report, WarnsAtTheEdgeOfAGrid) {
  MadeStudy made(one_method);
  fill(made, 250, 300, 500, 5);
  const std::string page = page_of(made);
  expect_on(page, "might hold something better: A on copa (k 64, the greatest of 4, 16, 64).");
  expect_on(page, "alpha 2, the greatest", false);
}

TEST(Report, WarnsOfWhatIsMissingAndOfFailures) {
  MadeStudy made(one_method);
  expect_on(page_of(made), "2 of 2 entries have not been run: vanilla on copa and A on copa.");
  expect_on(page_of(made), "Nothing has been compared");
  made.tested(vanilla, made.cell(hits(250, 500)));
  EntryOutcome a;
  for (int i = 0; i < 6; ++i) a.choice.push_back({{}, 0, 0, "no such layer"});
  made.outcome("A", a);
  expect_on(page_of(made), "A on copa: 6 of 6 variants could not be carried out: no such layer");
}

TEST(Report, WarnsOfAChoiceOnTheTestItems) {
  MadeStudy made(one_method + "select: test\n");
  fill(made, 250, 300, 500, 2);
  expect_on(page_of(made), "<p class=\"warning\" role=\"note\">CHOSEN ON THE TEST ITEMS");
}

TEST(Report, WarnsOfControlsThatAreNotBeaten) {
  MadeStudy made(
      "title: T\nmodels: [m]\ntasks: {copa: }\n"
      "methods: {A: {rank: {site: ffn}, controls: [random]}}\n");
  made.tested(vanilla, made.cell(hits(250, 500)));
  EntryOutcome a;
  a.chosen = 0;
  a.tests = {{0, "", {}, made.cell(hits(300, 500))}, {0, "random", 0, made.cell(hits(300, 500))}};
  made.outcome("A", a);
  expect_on(page_of(made),
            "A on copa does not clearly beat its control: random units (0.0 points [0.0, 0.0])");
}

TEST(Report, WarnsOfSamples) {
  const Task task = load_task("copa", testing::project_configs);
  const std::vector<Item> items = task.items("test[0:8]", project_folder("datasets") / "samples");
  Json configuration = {{"task", task.resolved()},
                        {"split", "test[0:8]"},
                        {"prompts_sha256", prompts_fingerprint(items)}};
  MadeStudy made(one_method);
  fill(made, 4, 5, 8, 2, configuration);
  expect_on(page_of(made), "copa: measured on the small samples that come with austeer");
  configuration["prompts_sha256"] = "another";
  MadeStudy real(one_method);
  fill(real, 4, 5, 8, 2, configuration);
  expect_on(page_of(real), "small samples", false);
}

TEST(Report, SaysWhereItComesFrom) {
  MadeStudy made(one_method);
  fill(made, 250, 300, 500, 2);
  const std::string page = page_of(made);
  expect_on(page, "weights-of-m");
  expect_on(page, "test[0:100]: digest-of-prompts");
  expect_on(page, "<dt>dtype</dt><dd>float32</dd>");
  expect_on(page, "<dt>results</dt><dd>8 evaluations</dd>");
  expect_on(page, "<dt>select</dt><dd>dev</dd>");
}

TEST(Report, EscapesWhateverItIsGiven) {
  MadeStudy made(
      "title: <script>alert(1)</script>\nquestion: '\"><img src=x onerror=alert(2)>'\n"
      "models: [m]\ntasks: {'<b>copa': {task: copa}}\n"
      "methods: {'</td><script>A': {rank: {site: ffn}}}\n");
  const StudyFolder& folder = made.folder();
  make_folder(folder.root() / "figures");
  write_file(folder.root() / "figures" / "a.svg", "<svg><script>alert(3)</script></svg>");
  write_file(folder.root() / "figures" / "figures.json",
             R"([{"name": "a", "caption": "<i>cap", "alt": "\"><script>"}])");
  made.tested("</td><script>A", made.failed_cell("</p><script>why"), "<b>copa");
  const std::string page = page_of(made);
  for (const char* tag : {"<script", "<b>", "<i>", "<img src=x"}) expect_on(page, tag, false);
  expect_on(page, "&lt;script&gt;alert(1)&lt;/script&gt;");
  expect_on(page, "&lt;/p&gt;&lt;script&gt;why");
}

TEST(Report, ShowsFiguresInTheOrderOfTheirNames) {
  MadeStudy made(one_method);
  const std::filesystem::path figures = made.folder().root() / "figures";
  EXPECT_TRUE(report_figures(made.folder()).empty());
  make_folder(figures);
  write_file(figures / "b.svg", "<svg/>");
  write_file(figures / "a.svg", "<svg/>");
  write_file(figures / "a.tsv", "x\n");
  write_file(figures / "figures.json", R"([{"name": "b", "caption": "Bee", "alt": "A bee"}])");
  const std::vector<ReportFigure> found = report_figures(made.folder());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].caption, "a");
  EXPECT_EQ(found[1].caption, "Bee");
  EXPECT_EQ(found[1].alt, "A bee");
  expect_on(page_of(made), "<img alt=\"A bee\"");
  write_file(figures / "b.svg", "nothing");
  testing::expect_refusal<FormatError>([&] { report_figures(made.folder()); }, "b.svg");
  write_file(figures / "figures.json", R"([{"name": "b", "title": "Bee"}])");
  testing::expect_refusal<FormatError>([&] { report_figures(made.folder()); }, "title");
}

TEST(Report, WritesItsPage) {
  MadeStudy made(one_method);
  const std::filesystem::path file = made.folder().root() / "page.html";
  write_report(made.study(), made.folder(), file);
  expect_on(read_file(file), "<!DOCTYPE html>");
}

TEST(Report, NamesVoidPairs) {
  MadeStudy made(one_method);
  const Json learnt = {{"cut", 3}, {"equal", 2}, {"shortened", 0}, {"dropped", false}};
  fill(made, 250, 300, 500, 2,
       {{"plan", {{"ranking", {{"provenance", {{"void_pairs", learnt}}}}}}}});
  const std::string page = page_of(made);
  expect_on(page,
            "copa, m: of the pairs to learn from, 3 pairs lost part of an answer, 2 pairs had "
            "two equal texts.");
  expect_on(page, "void pairs");
  MadeStudy without(one_method);
  fill(without, 250, 300, 500, 2);
  expect_on(page_of(without), "of the pairs to learn from", false);
}

}  // namespace
}  // namespace austeer
