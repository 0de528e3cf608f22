#pragma once
// Options that several subcommands declare in the same words.

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "plans/units.hpp"
#include "runs/options.hpp"
#include "runs/plan_choice.hpp"
#include "runs/prompts.hpp"

namespace austeer::app {

/// --model, --device, --offload, --dtype, --threads.
void add_model_options(CLI::App& command, RunOptions& options);

/// The same and --batch-tokens.
void add_run_options(CLI::App& command, RunOptions& options);

/// --datasets.
void add_datasets_option(CLI::App& command, RunOptions& options);

/// --plan and what makes a plan of a ranking: --k, --alpha, --rule, --positions, --layer, --units,
/// --control, --seed, --suppress, --factor; --save-plan, --force.
void add_plan_options(CLI::App& command, PlanChoice& choice);

/// --prompt, or --task with --split and --limit; --datasets.
void add_prompt_options(CLI::App& command, PromptChoice& choice, RunOptions& run);

}  // namespace austeer::app
