// austeer steer: continues one prompt, with and without a plan.

#include "runs/steer.hpp"

#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>

#include "commands.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct SteerCommand {
  SteerOptions steer;
  bool json = false;
};

void run_steer(const SteerCommand& options) {
  const SteerReport report = steer(options.steer);
  if (options.json) {
    Json answer = {{"text", report.text}, {"steered_units", report.steered_units}};
    if (report.vanilla) answer["vanilla"] = *report.vanilla;
    print_json(answer);
  } else if (report.vanilla) {
    fmt::print("vanilla:\n{}\n\nsteered ({} activations edited per token):\n{}\n", *report.vanilla,
               report.steered_units, report.text);
  } else {
    if (report.steered_units > 0) {
      spdlog::info("{} activations edited per token", report.steered_units);
    }
    fmt::print("{}\n", report.text);
  }
}

}  // namespace

void add_steer(CLI::App& app) {
  CLI::App* command = app.add_subcommand("steer", "Continue a prompt, steered by a plan");
  const auto options = std::make_shared<SteerCommand>();
  SteerOptions& steer = options->steer;
  add_run_options(*command, steer.run);
  add_plan_options(*command, steer.plan);
  command->add_option("--prompt", steer.prompt, "text to continue")->required();
  command->add_flag("--chat", steer.chat, "wrap the prompt in the model's chat format");
  command->add_flag("--compare", steer.compare, "show the unsteered continuation too")
      ->needs("--plan");
  command->add_option("--max-new-tokens", steer.max_new_tokens, "longest continuation, in tokens")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  add_json_option(*command, options->json);
  command->callback([options] { run_steer(*options); });
}

}  // namespace austeer::app
