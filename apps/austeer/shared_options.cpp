#include "shared_options.hpp"

#include <fmt/format.h>
#include <string>
#include <vector>

#include "setting_options.hpp"

namespace austeer::app {

void add_model_options(CLI::App& command, RunOptions& options) {
  SettingOptions visit(command);
  describe_model(visit, options);
}

void add_run_options(CLI::App& command, RunOptions& options) {
  add_model_options(command, options);
  add_options(command, options.engine);
}

void add_datasets_option(CLI::App& command, RunOptions& options) {
  SettingOptions visit(command);
  describe_data(visit, options);
}

void add_plan_options(CLI::App& command, PlanChoice& choice) {
  auto* plan =
      command
          .add_option("--plan", choice.file,
                      "ranking or plan to steer with, or another program's vectors: a GGUF "
                      "control vector (llama.cpp, repeng), the folder of an IA³ adapter "
                      "(PEFT)")
          ->check(CLI::ExistingPath);
  add_options(command, choice.recipe, plan);
  command.add_option("--save-plan", choice.save, "also write the plan to this file")->needs(plan);
  command
      .add_flag("--force", choice.force,
                "take a ranking or plan that was made for another model all the same")
      ->needs(plan);
}

void add_prompt_options(CLI::App& command, PromptChoice& choice, RunOptions& run) {
  command.add_option("--prompt", choice.prompts, "text to look at; may be given several times")
      ->allow_extra_args(false);
  auto* task = command.add_option("--task", choice.task,
                                  "in place of --prompt: the prompts of a task, by its name in "
                                  "configs/tasks/ or a YAML file");
  command.add_option("--split", choice.split, "test, train[600:] ...")
      ->capture_default_str()
      ->needs(task);
  command.add_option("--limit", choice.limit, "the task's first items only")
      ->needs(task)
      ->check(CLI::PositiveNumber);
  add_datasets_option(command, run);
}

}  // namespace austeer::app
