// austeer report: what came out of a study, as a page.

#include "reports/report.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <memory>

#include "commands.hpp"
#include "study_options.hpp"

namespace austeer::app {
namespace {

struct ReportCommand {
  StudyOptions study;
  std::filesystem::path file;
};

void run_report(const ReportCommand& options) {
  const Study study = options.study.open();
  const StudyFolder folder(options.study.folder());
  const std::filesystem::path file =
      options.file.empty() ? folder.root() / "report.html" : options.file;
  write_report(study, folder, file);
  fmt::print("{}\n", file.string());
}

}  // namespace

void add_report(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "report", "Write a study's results, figures, warnings and provenance as one HTML page");
  const auto options = std::make_shared<ReportCommand>();
  add_study_options(*command, options->study);
  command->add_option("--file", options->file, "the page. Default: report.html in --out");
  command->callback([options] { run_report(*options); });
}

}  // namespace austeer::app
