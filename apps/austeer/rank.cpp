// austeer rank: from an activation cache to a ranking of units.

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <string>

#include "cache/reader.hpp"
#include "commands.hpp"
#include "shared_options.hpp"
#include "steering/methods.hpp"
#include "units_table.hpp"

namespace austeer::app {
namespace {

struct Options {
  std::filesystem::path cache;
  std::string method = "austeer";
  std::string site = "ffn";
  std::filesystem::path out;
  std::int64_t top = 20;
  bool json = false;
};

void run_rank(const Options& options) {
  const ActivationCache cache(options.cache);
  const Ranking ranking =
      methods().get(options.method).rank(cache, parse_site(options.site), Json::object());
  save_ranking(ranking, options.out);
  if (options.json) {
    Json answer = units_json(ranking, options.top);
    answer["ranking"] = options.out.string();
    print_json(answer);
  } else {
    print_units(ranking, options.top);
  }
}

}  // namespace

void add_rank(CLI::App& app) {
  CLI::App* command = app.add_subcommand("rank", "Rank the units of a site, without the model");
  const auto options = std::make_shared<Options>();
  command->add_option("--cache", options->cache, "activation cache made by collect")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--method", options->method, "how units are scored")->capture_default_str();
  command->add_option("--site", options->site, "attention, ffn or layer")->capture_default_str();
  command->add_option("--out", options->out, "ranking file to write")->required();
  command->add_option("--top", options->top, "units to show")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  add_json_option(*command, options->json);
  command->callback([options] { run_rank(*options); });
}

}  // namespace austeer::app
