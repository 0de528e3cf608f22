// austeer units: lists the units of a ranking.

#include <filesystem>
#include <memory>

#include "commands.hpp"
#include "shared_options.hpp"
#include "units_table.hpp"

namespace austeer::app {
namespace {

struct UnitsCommand {
  std::filesystem::path ranking;
  std::int64_t top = 100;
  bool json = false;
};

void run_units(const UnitsCommand& options) {
  const Ranking ranking = load_ranking(options.ranking);
  if (options.json) {
    print_json(units_json(ranking, options.top));
  } else {
    print_units(ranking, options.top);
  }
}

}  // namespace

void add_units(CLI::App& app) {
  CLI::App* command = app.add_subcommand("units", "List the units of a ranking");
  const auto options = std::make_shared<UnitsCommand>();
  command->add_option("ranking", options->ranking, "ranking file")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--top", options->top, "units, or groups of them, to show")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  add_json_option(*command, options->json);
  command->callback([options] { run_units(*options); });
}

}  // namespace austeer::app
