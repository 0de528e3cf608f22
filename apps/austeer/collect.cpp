// austeer collect: a task's pairs through the model into an activation cache.

#include "runs/collect.hpp"

#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct CollectCommand {
  CollectOptions collect;
  std::vector<std::string> sites;
  std::string void_pairs;
  bool json = false;
};

void run_collect(CollectCommand& options) {
  options.collect.sites.clear();
  for (const std::string& name : options.sites) {
    options.collect.sites.push_back(parse_site_reading(name));
  }
  options.collect.void_pairs = parse_void_pairs_choice(options.void_pairs);
  const CollectReport report = collect(options.collect);
  const double rate = report.seconds > 0 ? static_cast<double>(report.texts) / report.seconds : 0.0;
  if (options.json) {
    print_json({{"cache", options.collect.out.string()},
                {"pairs", report.pairs},
                {"resumed_pairs", report.resumed_pairs},
                {"texts", report.texts},
                {"tokens", report.tokens},
                {"seconds", report.seconds},
                {"texts_per_second", rate},
                {"void_pairs", void_pairs_summary(report.void_pairs)}});
  } else {
    fmt::print("{}: {} pairs ({} new texts, {:.1f} texts/s)\n", options.collect.out.string(),
               report.pairs, report.texts, rate);
  }
}

}  // namespace

void add_collect(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("collect", "Run a task's pairs, keep their activations on disk");
  const auto options = std::make_shared<CollectCommand>();
  CollectOptions& collect = options->collect;
  for (const SiteReading& site : collect.sites) options->sites.push_back(site_reading_name(site));
  add_run_options(*command, collect.run);
  add_datasets_option(*command, collect.run);
  command->add_option("--task", collect.task, "name in configs/tasks/, or a YAML file")->required();
  command->add_option("--split", collect.split, "train, train[:600], train[100:200] ...")
      ->capture_default_str();
  command->add_option("--pairs", collect.pairs, "at most this many, the first of the split")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--sites", options->sites,
                   "where to read: attention, ffn, layer, ffn_gate; each at the last token, or "
                   "@answer_mean, @answer_all (layer@answer_all). A cache that is there gains "
                   "those that it lacks")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--layers", collect.layers, "of the @answer_all sites; all by default")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  command->add_option("--max-tokens", collect.max_tokens, "longer texts lose their end")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  options->void_pairs = void_pairs_choice_name(collect.void_pairs);
  command
      ->add_option("--void-pairs", options->void_pairs,
                   "pairs whose answer --max-tokens cuts off, or whose texts are equal: keep (they "
                   "count, as published), drop, or shorten (the prompts' front goes instead)")
      ->capture_default_str();
  command
      ->add_option("--shard-pairs", collect.shard_pairs,
                   "pairs per shard: what a killed run loses at most; 0: about 32 MiB of them")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--out", collect.out, "folder of the activation cache")->required();
  add_json_option(*command, options->json);
  command->callback([options] { run_collect(*options); });
}

}  // namespace austeer::app
