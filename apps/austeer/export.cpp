// austeer export: writes a plan in a form that PEFT, transformers, vLLM or llama.cpp runs.

#include "runs/export.hpp"

#include <fmt/format.h>
#include <map>
#include <memory>
#include <string>

#include "base/names.hpp"
#include "commands.hpp"
#include "printing.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct ExportCommand {
  ExportOptions options;
  std::string to;
  bool skip_verification = false;
  bool json = false;
};

void run_export(ExportCommand& command) {
  command.options.to = enum_value<ExportFormat>(command.to);
  command.options.verify = !command.skip_verification;
  const auto verification = export_plan(command.options);
  if (command.json) return print_json(answer_json(command.options, verification));
  fmt::print("wrote {}\n", command.options.out.string());
  if (verification) print_verification(*verification);
}

}  // namespace

void add_export(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("export", "Write a plan in a form that other programs run");
  const auto options = std::make_shared<ExportCommand>();
  add_model_options(*command, options->options.run);
  add_plan_options(*command, options->options.plan);
  command->get_option("--plan")->required();
  command
      ->add_option("--to", options->to,
                   "ia3: an adapter for PEFT; hf: the whole checkpoint, the plan in its weights; "
                   "control-vector: a GGUF file for llama.cpp and repeng")
      ->required()
      ->check(CLI::IsMember(names_in(enum_table(ExportFormat()).values)));
  command
      ->add_option("--out", options->options.out,
                   "folder to write, of a control vector a file NAME.gguf")
      ->required();
  add_prompt_options(*command, options->options.prompts, options->options.run);
  command->add_flag("--no-verify", options->skip_verification,
                    "do not run what was written to compare it with the plan");
  add_json_option(*command, options->json);
  command->callback([options] { run_export(*options); });
}

}  // namespace austeer::app
