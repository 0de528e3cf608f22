#include "documents/table.hpp"

#include <gtest/gtest.h>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "documents/examples.hpp"
#include "documents/xml.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::example_table;
using testing::expect_refusal;
using testing::hostile;
using testing::TemporaryFolder;
using testing::xml_text;

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no\n" << part << "\nin\n" << text;
}

/// One column, one cell.
Table one_cell(const std::string& text) {
  Table table;
  table.columns = {{"name", Align::left, ""}};
  table.add_row({text});
  return table;
}

/// What Python's csv module, in strict mode, reads.
Json parsed_csv(const std::string& csv) {
  const TemporaryFolder folder;
  write_file(folder / "table.csv", csv);
  const ChildResult result =
      run_child({python_program(), "-c",
                 "import csv, json, sys\n"
                 "with open(sys.argv[1], encoding='utf-8', newline='') as file:\n"
                 "    sys.stdout.write(json.dumps(list(csv.reader(file, strict=True))))",
                 (folder / "table.csv").string()});
  EXPECT_EQ(result.status, 0) << result.output;
  return parse_json(result.output, "csv");
}

TEST(Table, PlainTextIsAlignedBelowItsHeaders) {
  EXPECT_EQ(to_plain_text(example_table()),
            "Accuracy (%) on the test split\n\n"
            "                       COPA        BoolQ\n"
            "method        k        acc.     Δ   acc.     Δ\n"
            "Llama-2-7B\n"
            "  unsteered   —  62.4 ± 1.1     —   70.3     —\n"
            "  austeer    16  71.0 ± 0.9  +8.6   74.1  +3.8\n"
            "SmolLM2_135M\n"
            "  caa         1        51.5  −0.5      —     —\n"
            "\n± is the 95 % interval.\n\n— : not measured.\n");
}

TEST(Table, PlainTextKeepsALineALineAndBreaksNotes) {
  Table table = one_cell("two\nlines");
  table.notes = {std::string(60, 'a') + " " + std::string(60, 'b')};
  EXPECT_EQ(to_plain_text(table),
            "name\ntwo lines\n\n" + std::string(60, 'a') + "\n" + std::string(60, 'b') + "\n");
}

TEST(Table, MarkdownHasOneHeaderLineAndNamedSections) {
  EXPECT_EQ(to_markdown(example_table()),
            "**Accuracy (%) on the test split**\n\n"
            "| method | k | COPA: acc. | COPA: Δ | BoolQ: acc. | BoolQ: Δ |\n"
            "| :--- | ---: | ---: | ---: | ---: | ---: |\n"
            "| **Llama-2-7B** | | | | | |\n"
            "| unsteered | — | 62.4 ± 1.1 | — | 70.3 | — |\n"
            "| austeer | 16 | **71.0 ± 0.9** | +8.6 | **74.1** | +3.8 |\n"
            "| **SmolLM2\\_135M** | | | | | |\n"
            "| caa | 1 | 51.5 | −0.5 | — | — |\n"
            "\n± is the 95 % interval.\n\n— : not measured.\n");
}

TEST(Table, MarkdownIsNothingButText) {
  const std::string text =
      to_markdown(one_cell("a|b *c* _d_ `e` <i> [x](y) \\ $m$ &amp; ~~s~~\nz"));
  expect_part(
      text,
      "| a\\|b \\*c\\* \\_d\\_ \\`e\\` \\<i\\> \\[x\\](y) \\\\ \\$m\\$ \\&amp; \\~\\~s\\~\\~ z |");
  Table table = one_cell("x");
  table.notes = {"1. not a list", "- nor this", "# nor a heading"};
  expect_part(to_markdown(table), "\n1\\. not a list\n\n\\- nor this\n\n\\# nor a heading\n");
}

TEST(Table, LatexHasRulesAndGroupHeaders) {
  const std::string text = to_latex(example_table());
  expect_part(text, "\\caption{Accuracy (\\%) on the test split}\n");
  expect_part(text, "\\begin{tabular}{lrrrrr}\n\\toprule\n");
  expect_part(text,
              " &  & \\multicolumn{2}{c}{COPA} & \\multicolumn{2}{c}{BoolQ} \\\\\n"
              "\\cmidrule(lr){3-4}\\cmidrule(lr){5-6}\n"
              "method & k & acc. & $\\Delta$ & acc. & $\\Delta$ \\\\\n\\midrule\n");
  expect_part(text, "\\multicolumn{6}{l}{\\textit{SmolLM2\\_135M}} \\\\\n");
  expect_part(text,
              "austeer & 16 & \\textbf{71.0 $\\pm$ 0.9} & +8.6 & \\textbf{74.1} & +3.8 \\\\\n");
  expect_part(text, "caa & 1 & 51.5 & $-$0.5 & --- & --- \\\\\n\\bottomrule\n\\end{tabular}\n");
}

TEST(Table, CsvIsReadBack) {
  Table table = example_table();
  const std::string awkward = "a \"b\", c\r\nd";
  table.add_row({awkward, "", "−1.5", {}, "x", "y"});
  const Json rows = parsed_csv(to_csv(table));
  const Json expected = {
      {"model", "method", "k", "COPA: acc.", "COPA: Δ", "BoolQ: acc.", "BoolQ: Δ"},
      {"Llama-2-7B", "unsteered", "", "62.4 ± 1.1", "", "70.3", ""},
      {"Llama-2-7B", "austeer", "16", "71.0 ± 0.9", "+8.6", "74.1", "+3.8"},
      {"SmolLM2_135M", "caa", "1", "51.5", "-0.5", "", ""},
      {"SmolLM2_135M", awkward, "", "-1.5", "", "x", "y"}};
  EXPECT_EQ(rows, expected);
  EXPECT_EQ(to_csv(one_cell("x")), "name\r\nx\r\n") << "no column for sections without names";
  EXPECT_EQ(to_csv(one_cell("")), "name\r\n\"\"\r\n") << "no blank line";
}

TEST(Table, HtmlNamesWhatItsHeadersBelongTo) {
  const std::string html = to_html(example_table());
  expect_part(html, "<caption>Accuracy (%) on the test split</caption>");
  expect_part(html, "<th scope=\"col\" rowspan=\"2\" class=\"left\">method</th>");
  expect_part(html, "<th scope=\"colgroup\" colspan=\"2\" class=\"group\">COPA</th>");
  expect_part(html, "<th scope=\"rowgroup\" colspan=\"6\" class=\"section\">Llama-2-7B</th>");
  expect_part(html,
              "<th scope=\"row\" class=\"left\">austeer</th><td>16</td>"
              "<td><strong>71.0 ± 0.9</strong></td>");
  expect_part(html, "<td>—</td>");
  expect_part(xml_text(html), "SmolLM2_135M");
}

TEST(Table, HtmlIsWellFormedWhateverItSays) {
  Table table = one_cell(hostile);
  table.title = hostile;
  table.notes = {hostile};
  table.columns[0].header = hostile;
  table.columns[0].group = hostile;
  table.sections[0].name = hostile;
  const std::string text = xml_text(to_html(table));
  expect_part(text,
              "$(touch y) @z \\n \\ {/Bold b}_a^2 %s %n 100% #c ; system('touch w') <b> & −α—");
  EXPECT_EQ(to_html(table).find("<b>"), std::string::npos);
  expect_part(to_html(one_cell(std::string("a\x01"
                                           "b\xFF"))),
              "a\uFFFDb\uFFFD");
}

TEST(Table, RowsHaveACellForEachColumn) {
  Table table = example_table();
  expect_refusal<UsageError>([&] { table.add_row({"caa", "1"}); }, "6 cells");
  table.sections.back().rows.back().pop_back();
  for (const auto& format : {to_markdown, to_latex, to_csv, to_html}) {
    expect_refusal<UsageError>([&] { format(table); }, "6 cells");
    expect_refusal<UsageError>([&] { format(Table{}); }, "no columns");
  }
}

}  // namespace
}  // namespace austeer
