// austeer plot: the figures that a study asks for.

#include <filesystem>
#include <fmt/format.h>
#include <memory>

#include "commands.hpp"
#include "shared_options.hpp"
#include "studies/plots.hpp"

namespace austeer::app {
namespace {

void run_plot(const StudyChoice& choice) {
  const Study study = open_study(choice);
  for (const auto& file : write_figures(study, StudyFolder(study_folder(choice)))) {
    fmt::print("{}\n", file.string());
  }
}

}  // namespace

void add_plot(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "plot", "Draw a study's figures as SVG and PNG, with the data and the script of each");
  const auto choice = std::make_shared<StudyChoice>();
  add_study_options(*command, *choice);
  command->callback([choice] { run_plot(*choice); });
}

}  // namespace austeer::app
