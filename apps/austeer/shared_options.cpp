#include "shared_options.hpp"

#include <fmt/format.h>
#include <string>
#include <vector>

namespace austeer::app {
namespace {

void add_control_options(CLI::App& command, PlanRecipe& recipe, CLI::Option& plan) {
  command
      .add_option_function<std::string>(
          "--control", [&recipe](const std::string& name) { recipe.control = parse_control(name); },
          "steer what the plan should beat, as many activations: random units from outside the "
          "ranking's first tenth with the chosen ones' values, or with their own; the same units "
          "in "
          "a random direction; others of the same magnitude; random ones of the same layer")
      ->option_text("random|random_own|direction|magnitude|layer")
      ->needs(&plan);
  command.add_option("--seed", recipe.seed, "of the control")->default_str("0")->needs(&plan);
  command
      .add_option("--suppress", recipe.suppress_share,
                  "in place of steering the first units: scale this share of all, the last ones")
      ->needs(&plan);
  command
      .add_option("--factor", recipe.suppress_factor, "what --suppress multiplies activations by")
      ->default_str(fmt::format("{}", default_suppress_factor))
      ->needs(&plan);
}

}  // namespace

void add_model_options(CLI::App& command, RunOptions& options) {
  command
      .add_option("--model", options.model,
                  "folder, GGUF file (any part of a split one), name in configs/models/, or "
                  "org/name[@REVISION][:FILE.gguf] in the local Hugging Face cache")
      ->capture_default_str();
  command
      .add_option("--device", options.device,
                  "cpu, cuda, cuda:N, or several that share the layers: cuda:0,cuda:1")
      ->capture_default_str();
  command.add_flag("--offload", options.offload,
                   "keep layers that do not fit on the device on the CPU and stream them");
  command
      .add_option("--dtype", options.dtype,
                  "auto, float32, bfloat16 or float16; auto is bfloat16 where the processor "
                  "multiplies it natively, else float32; where that does not fit, and on CUDA, the "
                  "half-precision type of the weights, or bfloat16")
      ->capture_default_str();
  command.add_option("--threads", options.threads, "threads to compute with; 0: one per core")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
}

void add_run_options(CLI::App& command, RunOptions& options) {
  add_model_options(command, options);
  command.add_option("--batch-tokens", options.engine.batch_tokens, "most tokens of one pass")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 24));
  command
      .add_option_function<std::string>(
          "--engine",
          [&options](const std::string& name) { options.engine.way = parse_pass_way(name); },
          "fast, or plain: every token of every text by itself, to compare with")
      ->default_str("fast");
}

void add_datasets_option(CLI::App& command, RunOptions& options) {
  command.add_option("--datasets", options.datasets,
                     "folder with the datasets (or AUSTEER_DATASETS); without it, what `austeer "
                     "fetch` brought, else the samples that come with austeer");
}

void add_plan_options(CLI::App& command, PlanChoice& choice) {
  PlanRecipe& recipe = choice.recipe;
  auto* plan =
      command
          .add_option("--plan", choice.file,
                      "ranking or plan to steer with, or another program's vectors: a GGUF "
                      "control vector (llama.cpp, repeng), the folder of an IA³ adapter "
                      "(PEFT)")
          ->check(CLI::ExistingPath);
  command.add_option("--k", recipe.k, "units (or heads, layers) to steer, from the ranking's top")
      ->default_str(fmt::format("{}; of whole layers 1", default_k))
      ->needs(plan)
      ->check(CLI::PositiveNumber);
  command
      .add_option("--alpha", recipe.alpha,
                  "strength; of another program's vectors the default is 1")
      ->default_str(fmt::format("{}", default_alpha))
      ->needs(plan);
  command
      .add_option_function<std::string>(
          "--rule", [&recipe](const std::string& name) { recipe.rule = parse_rule(name); },
          "scale: x(1 + alpha v) for a unit's value v, the published rule; directed: x + alpha v "
          "|x|; oriented: scale with the sign of the unit's mean activation; add: x + alpha v; "
          "clamp: scale what an unsteered pass gives. Default: the method's")
      ->needs(plan);
  command
      .add_option_function<std::string>(
          "--positions",
          [&recipe](const std::string& name) { recipe.positions = parse_positions(name); },
          "tokens to steer: all, last_prompt, last, from_last_prompt. Default: the method's")
      ->needs(plan);
  command.add_option("--layer", recipe.layer, "only units of this layer")
      ->needs(plan)
      ->check(CLI::NonNegativeNumber);
  add_units_option(command, recipe.units,
                   "LAYER:DIM,... (or SITE:LAYER:DIM): steer these units in place of the first k")
      ->needs(plan);
  add_control_options(command, recipe, *plan);
  command.add_option("--save-plan", choice.save, "also write the plan to this file")->needs(plan);
  command
      .add_flag("--force", choice.force,
                "take a ranking or plan that was made for another model all the same")
      ->needs(plan);
}

CLI::Option* add_units_option(CLI::App& command, std::vector<UnitName>& units,
                              const std::string& help) {
  return command
      .add_option_function<std::vector<std::string>>(
          "--units",
          [&units](const std::vector<std::string>& names) {
            units.clear();
            for (const std::string& name : names) units.push_back(parse_unit(name));
          },
          help)
      ->delimiter(',');
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

void add_study_options(CLI::App& command, StudyChoice& choice) {
  command.add_option("study", choice.file, "YAML file of the study")
      ->required()
      ->check(CLI::ExistingFile);
  command.add_option("--out", choice.folder,
                     "folder of its results. Default: austeer-studies/NAME");
}

void add_study_run_options(CLI::App& command, StudyChoice& choice) {
  command.add_option("--datasets", choice.datasets,
                     "folder with the datasets; as in `austeer eval`");
  command.add_option("--device", choice.device, "in place of the study's");
  command.add_option("--dtype", choice.dtype, "in place of the study's");
  command.add_option("--threads", choice.threads, "in place of the study's")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--batch-tokens", choice.batch_tokens, "in place of the study's")
      ->check(CLI::Range(1, 1 << 24));
}

void add_json_option(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "print one JSON object on stdout");
}

void print_json(const Json& value) { fmt::print("{}\n", to_text(value)); }

}  // namespace austeer::app
