// austeer rank: from an activation cache to a ranking of units.

#include "runs/rank.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <string>

#include "commands.hpp"
#include "shared_options.hpp"
#include "units_table.hpp"

namespace austeer::app {
namespace {

struct Options {
  RankOptions rank;
  std::string site = site_name(RankOptions{}.site);
  std::int64_t top = 20;
  bool json = false;
};

void run_rank(Options& options) {
  options.rank.site = parse_site(options.site);
  const Ranking ranking = rank(options.rank);
  if (options.json) {
    Json answer = units_json(ranking, options.top);
    answer["ranking"] = options.rank.out.string();
    print_json(answer);
  } else {
    print_units(ranking, options.top);
  }
}

}  // namespace

void add_rank(CLI::App& app) {
  CLI::App* command = app.add_subcommand("rank", "Rank the units of a site, without the model");
  const auto options = std::make_shared<Options>();
  command->add_option("--cache", options->rank.cache, "activation cache made by collect")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--method", options->rank.method, "how units are scored")
      ->capture_default_str();
  command->add_option("--site", options->site, "attention, ffn or layer")->capture_default_str();
  command->add_option("--out", options->rank.out, "ranking file to write")->required();
  command->add_flag("--verify", options->rank.verify, "check the cache's sha256 first");
  command->add_option("--top", options->top, "units to show")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  add_json_option(*command, options->json);
  command->callback([options] { run_rank(*options); });
}

}  // namespace austeer::app
