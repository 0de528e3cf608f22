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

/// --prompt, or --task with --split and --limit; --datasets.
void add_prompt_options(CLI::App& command, PromptChoice& choice, RunOptions& run);

/// A study as named on a command line.
struct StudyOptions {
  std::filesystem::path file;
  std::filesystem::path out;  ///< as --out names it
  Json run = Json::object();  ///< settings of its runs in place of the file's

  Study open() const { return open_study(file, run); }
  /// The folder of its results.
  std::filesystem::path folder() const { return out.empty() ? study_folder(file) : out; }
};

/// STUDY and --out.
void add_study_options(CLI::App& command, StudyOptions& study);

/// Every setting of a study's `run`.
void add_study_run_options(CLI::App& command, StudyOptions& study);

/// --json: the answer as one JSON object on stdout.
void add_json_option(CLI::App& command, bool& json);

/// Prints one JSON value and a line break on stdout.
void print_json(const Json& value);

}  // namespace austeer::app
