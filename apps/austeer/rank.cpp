// austeer rank: from an activation cache to a ranking of units.

#include "runs/rank.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "steering/methods.hpp"
#include "units_table.hpp"

namespace austeer::app {
namespace {

struct RankCommand {
  RankOptions rank;
  std::vector<std::string> settings;
  std::int64_t top = 20;
  bool json = false;
};

std::string methods_help() {
  std::string help = "how units are scored: ";
  for (const std::string& name : methods().names()) {
    const Method& method = methods().get(name);
    help += fmt::format("{}: {}, at {}; ", name, method.summary, fmt::join(method.sites, ","));
  }
  return help.substr(0, help.size() - 2);
}

void run_rank(RankCommand& options) {
  options.rank.settings = parse_settings(options.settings);
  const Ranking ranking = rank(options.rank);
  if (options.json) return print_json(answer_json(options.rank, ranking, options.top));
  print_units(ranking, options.top);
}

}  // namespace

void add_rank(CLI::App& app) {
  CLI::App* command = app.add_subcommand("rank", "Rank the units of sites, without the model");
  const auto options = std::make_shared<RankCommand>();
  command->add_option("--cache", options->rank.cache, "activation cache made by collect")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--method", options->rank.method, methods_help())->capture_default_str();
  command
      ->add_option("--site", options->rank.sites,
                   "attention, ffn_gate, ffn, layer, or several that are ranked together: "
                   "attention,ffn. Default: the method's")
      ->delimiter(',');
  command
      ->add_option("--set", options->settings,
                   "KEY=VALUE: an option of the method, such as score=effect; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--out", options->rank.out, "ranking file to write")->required();
  command->add_flag("--verify", options->rank.verify, "check the cache's sha256 first");
  command->add_option("--top", options->top, "units, or groups of them, to show")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  add_json_option(*command, options->json);
  command->callback([options] { run_rank(*options); });
}

}  // namespace austeer::app
