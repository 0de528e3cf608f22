// austeer probe: what single units do: the tokens that they promote, and how far steering them
// moves what comes next.

#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "printing.hpp"
#include "runs/prompts.hpp"
#include "runs/unit_probes.hpp"
#include "setting_options.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct ProbeCommand {
  RunOptions run;
  std::vector<UnitName> units;
  std::int64_t top = 5;
  std::vector<double> strengths = figure_strengths;
  PromptChoice prompts;
  bool json = false;
};

void run_tokens(const ProbeCommand& options) {
  const auto units = promoted_tokens(options.units, options.top, open_model(options.run));
  if (options.json) return print_json(answer_json(options.run.model, units));
  for (const PromotedTokens& unit : units) {
    fmt::print("{}\n", unit_text(unit.unit));
    print_tokens("promotes", unit.promoted);
    print_tokens("demotes", unit.demoted);
  }
}

void print_points(const std::string& what, const std::vector<DivergencePoint>& points) {
  fmt::print("\n{}\n{:>10}  {:>10}\n", what, "strength", "divergence");
  for (const auto& [strength, divergence] : points) {
    fmt::print("{:>10g}  {:>10.4g}\n", strength, divergence);
  }
}

void run_divergence(const ProbeCommand& options) {
  const ChosenPrompts prompts = choose_prompts(options.prompts, options.run);
  const Model model = open_model(options.run);
  const DivergenceReport report =
      unit_divergence(options.units, options.strengths, prompts.texts(model), model);
  if (options.json) return print_json(answer_json(options.run.model, report));
  fmt::print("KL divergence, mean of {} prompts (nats)\n", report.prompts);
  for (const UnitDivergence& unit : report.units) {
    print_points(fmt::format("{} from itself at {:g}", unit_text(unit.unit), report.largest),
                 unit.points);
  }
  for (const PairDivergence& pair : report.pairs) {
    print_points(fmt::format("{} from {}", unit_text(pair.first), unit_text(pair.second)),
                 pair.points);
  }
}

void add_common_options(CLI::App& command, ProbeCommand& options) {
  add_model_options(command, options.run);
  SettingOptions visit(command);
  visit(options.units,
        {.key = "units", .help = "SITE:LAYER:DIM,...: the units to look at", .required = true});
  add_json_option(command, options.json);
}

void add_tokens(CLI::App& parent) {
  CLI::App* command = parent.add_subcommand(
      "tokens", "The tokens that a unit's direction promotes and demotes, by the logit lens");
  const auto options = std::make_shared<ProbeCommand>();
  add_common_options(*command, *options);
  command->add_option("--top", options->top, "tokens of each kind")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->callback([options] { run_tokens(*options); });
}

void add_divergence(CLI::App& parent) {
  CLI::App* command = parent.add_subcommand(
      "divergence", "How far scaling a unit moves the next token's distribution");
  const auto options = std::make_shared<ProbeCommand>();
  add_common_options(*command, *options);
  command
      ->add_option("--strengths", options->strengths,
                   "what x(1 + strength) is compared at, each with the largest one")
      ->delimiter(',')
      ->capture_default_str();
  add_prompt_options(*command, options->prompts, options->run);
  command->callback([options] { run_divergence(*options); });
}

}  // namespace

void add_probe(CLI::App& app) {
  CLI::App* command = app.add_subcommand("probe", "Look at what single units do");
  command->require_subcommand(1);
  add_tokens(*command);
  add_divergence(*command);
}

}  // namespace austeer::app
