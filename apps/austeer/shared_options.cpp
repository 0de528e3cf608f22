#include "shared_options.hpp"

#include <fmt/format.h>

namespace austeer::app {

void add_run_options(CLI::App& command, RunOptions& options) {
  command
      .add_option("--model", options.model,
                  "folder, .gguf file, name in configs/models/, or org/name in the local "
                  "Hugging Face cache")
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
  command.add_option("--batch-tokens", options.batch_tokens, "most tokens of one pass")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 24));
}

void add_datasets_option(CLI::App& command, RunOptions& options) {
  command.add_option("--datasets", options.datasets,
                     "folder with the datasets (or AUSTEER_DATASETS); without it, what `austeer "
                     "fetch` brought, else the samples that come with austeer");
}

void add_plan_options(CLI::App& command, PlanChoice& choice) {
  auto* plan = command.add_option("--plan", choice.file, "ranking or plan to steer with")
                   ->check(CLI::ExistingFile);
  command.add_option("--k", choice.k, "units to steer, from the top of the ranking")
      ->default_str(std::to_string(default_k))
      ->needs(plan)
      ->check(CLI::PositiveNumber);
  command.add_option("--alpha", choice.alpha, "strength")
      ->default_str(fmt::format("{}", default_alpha))
      ->needs(plan);
  command
      .add_option_function<std::string>(
          "--rule", [&choice](const std::string& name) { choice.rule = parse_rule(name); },
          "scale: x(1 + alpha beta), the published rule; directed: x + alpha beta |x|; oriented: "
          "scale with the sign of the unit's mean activation")
      ->default_str(rule_name(default_rule))
      ->needs(plan);
  command
      .add_option(
          "--random-units", choice.random_units,
          "control: steer units drawn at random (with this seed) from outside the ranking's "
          "first tenth")
      ->needs(plan);
  command.add_option("--save-plan", choice.save, "also write the plan to this file")->needs(plan);
}

void add_json_option(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "print one JSON object on stdout");
}

void print_json(const Json& value) { fmt::print("{}\n", to_text(value)); }

}  // namespace austeer::app
