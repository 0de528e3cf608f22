// austeer sweep: the cells of a study, or what they will cost, or whether they can be run.

#include "studies/sweep.hpp"

#include <fmt/format.h>
#include <memory>
#include <string>

#include "commands.hpp"
#include "shared_options.hpp"
#include "studies/study.hpp"

namespace austeer::app {
namespace {

struct SweepCommand {
  StudyChoice study;
  std::string shard = "1/1";
  bool json = false;
};

void run_sweep(const SweepCommand& options) {
  const Study study = open_study(options.study);
  const StudyFolder folder(study_folder(options.study));
  const SweepReport report = sweep(study, folder, parse_shard(options.shard));
  if (options.json) {
    print_json({{"study", options.study.file.string()},
                {"folder", folder.root().string()},
                {"entries", report.entries},
                {"cells_run", report.ran},
                {"cells_failed", report.failed}});
    return;
  }
  fmt::print("{}: {} entries, {} cells run now", folder.root().string(), report.entries,
             report.ran);
  fmt::print("{}\n", report.failed == 0
                         ? ""
                         : fmt::format(", of which {} could not be carried out", report.failed));
}

}  // namespace

void add_sweep(CLI::App& app) {
  CLI::App* command = app.add_subcommand("sweep", "Run the cells of a study, each once");
  const auto options = std::make_shared<SweepCommand>();
  add_study_options(*command, options->study);
  add_study_run_options(*command, options->study);
  command
      ->add_option("--shard", options->shard,
                   "I/N: the I-th of N parts of the entries, for a scheduler of your own")
      ->capture_default_str();
  add_json_option(*command, options->json);
  command->callback([options] { run_sweep(*options); });
}

}  // namespace austeer::app
