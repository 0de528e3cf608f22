#pragma once
// Options that several subcommands declare in the same words.

#include <string>

#include <CLI/CLI.hpp>

#include "runs/options.hpp"
#include "runs/plan_choice.hpp"
#include "studies/study.hpp"

namespace austeer::app {

/// --model, --device, --dtype, --threads, --batch-tokens.
void add_run_options(CLI::App& command, RunOptions& options);

/// --datasets.
void add_datasets_option(CLI::App& command, RunOptions& options);

/// --plan and what makes a plan of a ranking: --k, --alpha, --rule, --positions, --layer, --units,
/// --control, --seed, --suppress, --factor; --save-plan.
void add_plan_options(CLI::App& command, PlanChoice& choice);

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
