// austeer verify: runs a plan and its export, and says how far they are apart.

#include <memory>

#include "commands.hpp"
#include "printing.hpp"
#include "runs/export.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct VerifyCommand {
  VerifyOptions options;
  bool json = false;
};

void run_verify(const VerifyCommand& command) {
  const Verification verification = verify(command.options);
  if (command.json) return print_json(to_json(verification));
  print_verification(verification);
}

}  // namespace

void add_verify(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("verify", "Compare what an export does with what its plan does");
  const auto options = std::make_shared<VerifyCommand>();
  command->add_option("export", options->options.path, "what `austeer export` wrote")
      ->required()
      ->check(CLI::ExistingPath);
  add_model_options(*command, options->options.run);
  add_plan_options(*command, options->options.plan);
  command->get_option("--plan")->required();
  add_prompt_options(*command, options->options.prompts, options->options.run);
  add_json_option(*command, options->json);
  command->callback([options] { run_verify(*options); });
}

}  // namespace austeer::app
