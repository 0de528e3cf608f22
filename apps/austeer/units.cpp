// austeer units: lists the units of a ranking, and says how stable its top is. Its subcommands
// explain units and compare rankings.

#include <filesystem>
#include <memory>
#include <optional>

#include "commands.hpp"
#include "json_output.hpp"
#include "stability_table.hpp"
#include "steering/stability.hpp"
#include "units_options.hpp"
#include "units_table.hpp"

namespace austeer::app {
namespace {

struct UnitsCommand {
  std::filesystem::path ranking;
  std::filesystem::path cache;
  StabilityOptions stability;
  std::int64_t top = 100;
  bool json = false;
};

void run_units(const UnitsCommand& options) {
  const Ranking ranking = load_ranking(options.ranking);
  std::optional<Stability> stability;
  if (!options.cache.empty()) {
    stability = top_stability(ranking, ActivationCache(options.cache), options.stability);
  }
  if (options.json) {
    Json answer = units_json(ranking, options.top);
    if (stability) answer["stability"] = stability_json(ranking, *stability);
    print_json(answer);
  } else {
    print_units(ranking, options.top);
    if (stability) print_stability(ranking, *stability);
  }
}

}  // namespace

void refuse_listing_options(const CLI::App& units) {
  for (const CLI::Option* option : units.get_options()) {
    if (option->count() > 0) throw CLI::ExtrasError(units.get_name(), {option->get_name()});
  }
}

void add_units(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("units", "List the units of a ranking, explain them, compare rankings");
  const auto options = std::make_shared<UnitsCommand>();
  command->add_option("ranking", options->ranking, "ranking file to list")
      ->check(CLI::ExistingFile);
  command->add_option("--top", options->top, "units, or groups of them, to show")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  CLI::Option* cache =
      command
          ->add_option("--cache", options->cache,
                       "the cache that was ranked: also say whether its pairs, drawn again, would "
                       "give the same top units")
          ->check(CLI::ExistingDirectory);
  command->add_option("--k", options->stability.k, "units that the top has")
      ->capture_default_str()
      ->needs(cache);
  command
      ->add_option("--resamples", options->stability.resamples,
                   "samples of the pairs, and splits into halves")
      ->capture_default_str()
      ->needs(cache);
  command->add_option("--seed", options->stability.seed, "draws the samples")
      ->capture_default_str()
      ->needs(cache);
  add_json_option(*command, options->json);
  add_units_explain(*command);
  add_units_compare(*command);
  command->callback([options, command] {
    if (!command->get_subcommands().empty()) return;
    if (options->ranking.empty()) throw CLI::RequiredError("ranking");
    run_units(*options);
  });
}

}  // namespace austeer::app
