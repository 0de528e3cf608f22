// austeer plot: the figures that a study asks for.

#include <filesystem>
#include <fmt/format.h>
#include <memory>

#include "commands.hpp"
#include "reports/plots.hpp"
#include "study_options.hpp"

namespace austeer::app {
namespace {

void run_plot(const StudyOptions& options) {
  for (const auto& file : write_figures(options.open(), StudyFolder(options.folder()))) {
    fmt::print("{}\n", file.string());
  }
}

}  // namespace

void add_plot(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "plot", "Draw a study's figures as SVG and PNG, with the data and the script of each");
  const auto options = std::make_shared<StudyOptions>();
  add_study_options(*command, *options);
  command->callback([options] { run_plot(*options); });
}

}  // namespace austeer::app
