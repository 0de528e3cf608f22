#pragma once
// Options that several subcommands declare in the same words.

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "runs/options.hpp"
#include "runs/plan_choice.hpp"
#include "runs/prompt_choice.hpp"
#include "steering/unit_name.hpp"
#include "studies/study.hpp"

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

/// --units, which `help` explains: names separated by commas.
CLI::Option* add_units_option(CLI::App& command, std::vector<UnitName>& units,
                              const std::string& help);

/// --prompt, or --task with --split and --limit; --datasets.
void add_prompt_options(CLI::App& command, PromptChoice& choice, RunOptions& run);

/// STUDY and --out.
void add_study_options(CLI::App& command, StudyChoice& choice);

/// What of a study's `run` a command line may set: --datasets, --device, --dtype, --threads,
/// --batch-tokens.
void add_study_run_options(CLI::App& command, StudyChoice& choice);

/// --json: the answer as one JSON object on stdout.
void add_json_option(CLI::App& command, bool& json);

/// Prints one JSON value and a line break on stdout.
void print_json(const Json& value);

}  // namespace austeer::app
