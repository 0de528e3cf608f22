// austeer units explain: what is known about a ranking's first units.

#include <fmt/format.h>
#include <memory>
#include <string>

#include "explanation.hpp"
#include "json_output.hpp"
#include "runs/explain_units.hpp"
#include "shared_options.hpp"
#include "units_options.hpp"

namespace austeer::app {
namespace {

struct ExplainCommand {
  ExplainOptions explain;
  bool json = false;
};

void run_explain(const ExplainCommand& options) {
  const Ranking ranking = load_ranking(options.explain.ranking);
  const Explanation explanation = explain_units(ranking, options.explain);
  if (!options.json) return print_explanation(ranking, explanation);
  Json json = {{"model", options.explain.run.model}};
  json.update(to_json(ranking, explanation));
  print_json(json);
}

void add_pair_options(CLI::App& command, ExplainOptions& options) {
  CLI::Option* cache =
      command
          .add_option("--cache", options.cache,
                      "the cache that was ranked: also show the pairs that move a unit most in the "
                      "direction of its value, and against it")
          ->check(CLI::ExistingDirectory);
  command.add_option("--pairs", options.pairs, "pairs of each kind")
      ->capture_default_str()
      ->needs(cache)
      ->check(CLI::PositiveNumber);
  command
      .add_option("--pairs-task", options.source.task,
                  "task of the cache, where it is not in configs/tasks/: a YAML file")
      ->needs(cache);
  command
      .add_option("--pairs-split", options.source.split,
                  "split that it was collected from. Default: as the cache has it, else train")
      ->needs(cache);
}

void add_effect_options(CLI::App& command, ExplainOptions& options) {
  add_prompt_options(command, options.prompts, options.run);
  PlanRecipe& recipe = options.recipe;
  command
      .add_option("--k", recipe.k,
                  "with prompts, how far the next token moves where a unit is left out of the plan "
                  "of the first k")
      ->default_str(fmt::format("{}", default_k))
      ->check(CLI::PositiveNumber);
  command.add_option("--alpha", recipe.alpha, "the plan's strength")
      ->default_str(fmt::format("{}", default_alpha));
  command.add_option_function<std::string>(
      "--rule", [&recipe](const std::string& name) { recipe.rule = parse_rule(name); },
      "the plan's rule: " + enum_list<Rule>() + ". Default: the method's");
}

}  // namespace

void add_units_explain(CLI::App& units) {
  CLI::App* command = units.add_subcommand(
      "explain", "What is known about a ranking's first units: tokens, pairs, effect");
  const auto options = std::make_shared<ExplainCommand>();
  ExplainOptions& explain = options->explain;
  command->add_option("ranking", explain.ranking, "ranking file of single units")
      ->required()
      ->check(CLI::ExistingFile);
  add_model_options(*command, explain.run);
  command->add_flag("--force", explain.force, "also with a model that it was not made for");
  command->add_option("--top", explain.top, "units to explain")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--tokens", explain.tokens, "tokens of each kind")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  add_pair_options(*command, explain);
  add_effect_options(*command, explain);
  add_json_option(*command, options->json);
  command->callback([options, &units] {
    refuse_listing_options(units);
    run_explain(*options);
  });
}

}  // namespace austeer::app
