// austeer table: what came out of a study, as a table.

#include "documents/table.hpp"

#include <array>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/names.hpp"
#include "commands.hpp"
#include "reports/examples.hpp"
#include "reports/study_table.hpp"
#include "study_options.hpp"

namespace austeer::app {
namespace {

constexpr std::array formats = {std::pair{"markdown", &to_markdown}, std::pair{"latex", &to_latex},
                                std::pair{"csv", &to_csv}, std::pair{"html", &to_html},
                                std::pair{"text", &to_plain_text}};

struct TableCommand {
  StudyOptions study;
  std::string format = "markdown";
  bool examples = false;
};

void run_table(const TableCommand& options) {
  const auto write = value_in(formats, options.format, "table", "format");
  const Study study = options.study.open();
  const StudyFolder folder(options.study.folder());
  const std::vector<EntryResults> results = read_results(study, folder);
  const TableReader reader = options.format == "csv" ? TableReader::program : TableReader::person;
  fmt::print("{}", write(make_table(study, results, reader)));
  if (!options.examples) return;
  for (const Table& table : example_tables(study, folder, results)) {
    fmt::print("\n{}", write(table));
  }
}

}  // namespace

void add_table(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("table", "Print a study's results as a table, with the paper's figures");
  const auto options = std::make_shared<TableCommand>();
  add_study_options(*command, options->study);
  command
      ->add_option(
          "--format", options->format,
          "markdown, latex (for the package booktabs), html; text: for a terminal; csv: one "
          "number a cell")
      ->option_text("markdown|latex|csv|html|text")
      ->capture_default_str();
  command->add_flag("--examples", options->examples,
                    "below it the answers that changed most, side by side, as the study's "
                    "`examples` says");
  command->callback([options] { run_table(*options); });
}

}  // namespace austeer::app
