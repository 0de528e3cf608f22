// austeer sweep: runs the cells of a study; or says what they will cost, checks whether they can be
// run, or hands them to Slurm.

#include "studies/sweep.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

#include "base/child_process.hpp"
#include "base/progress.hpp"
#include "commands.hpp"
#include "setting_options.hpp"
#include "studies/check.hpp"
#include "studies/cost.hpp"
#include "studies/study.hpp"
#include "study_options.hpp"

namespace austeer::app {
namespace {

struct SweepCommand {
  StudyOptions study;
  std::string shard = "1/1";
  bool list = false;
  bool dry_run = false;
  bool slurm = false;
  std::optional<std::int64_t> slurm_tasks;
  std::vector<std::string> sbatch;
  bool json = false;
};

void print_costs(const std::vector<EntryCost>& costs) {
  EntryCost total{"total", "", "", 0, 0, 0, 0};
  const auto print = [](const EntryCost& cost) {
    fmt::print("{:28} {:14} {:28} {:>6} {:>6} {:>10} {:>9}\n", cost.model, cost.task, cost.method,
               cost.cells, cost.done, cost.tokens, clock_text(cost.seconds));
  };
  fmt::print("{:28} {:14} {:28} {:>6} {:>6} {:>10} {:>9}\n", "model", "task", "method", "cells",
             "done", "tokens", "time");
  for (const EntryCost& cost : costs) {
    print(cost);
    total.cells += cost.cells;
    total.done += cost.done;
    total.tokens += cost.tokens;
    total.seconds += cost.seconds;
  }
  print(total);
}

void list(const Study& study, const StudyFolder& folder, const SweepCommand& options) {
  const auto costs = estimate_costs(study, folder, parse_shard(options.shard));
  if (options.json) return print_json(answer_json(study, costs));
  print_costs(costs);
}

void print_check(const StudyCheck& check) {
  fmt::print("{} {}\n", check.problem.empty() ? "ok     " : "problem", check.what);
  if (!check.problem.empty()) fmt::print("        {}\n", check.problem);
  if (!check.note.empty()) fmt::print("        {}\n", check.note);
}

void dry_run(const Study& study, const SweepCommand& options) {
  const std::vector<StudyCheck> checks = check_study(study);
  if (options.json) {
    print_json(answer_json(study, checks));
  } else {
    std::ranges::for_each(checks, print_check);
  }
  const auto problems =
      std::ranges::count_if(checks, [](const StudyCheck& check) { return !check.problem.empty(); });
  if (problems == 0) return;
  throw Error("sweep", fmt::format("{}: {} of its parts cannot be run", options.study.file.string(),
                                   problems));
}

/// What each task of a job array runs.
std::vector<std::string> sweep_command(const SweepCommand& options) {
  const StudyOptions& study = options.study;
  std::vector<std::string> command = {running_program().string(), "sweep",
                                      std::filesystem::absolute(study.file).string(), "--out",
                                      std::filesystem::absolute(study.folder()).string()};
  for (const auto& [key, value] : study.run.items()) {
    command.push_back(option_name({key}));
    if (value.is_boolean()) continue;
    const std::string text = value.is_string() ? value.get<std::string>() : to_text(value);
    command.push_back(key == "datasets" ? std::filesystem::absolute(text).string() : text);
  }
  return command;
}

void submit(const Study& study, const StudyFolder& folder, const SweepCommand& options) {
  const auto entries = static_cast<std::int64_t>(entries_of(study).size());
  const SlurmOptions slurm{sweep_command(options), options.slurm_tasks.value_or(entries),
                           options.sbatch, folder.root()};
  const std::string job = submit_to_slurm(slurm);
  if (options.json) {
    print_json(answer_json(slurm, job));
  } else {
    fmt::print("job {}: {} tasks; their logs are in {}\n", job, slurm.tasks,
               (folder.root() / "slurm").string());
  }
}

void run(const Study& study, const StudyFolder& folder, const SweepCommand& options) {
  const SweepReport report = sweep(study, folder, parse_shard(options.shard));
  if (options.json) return print_json(answer_json(study, folder, report));
  const std::string failed =
      report.failed == 0 ? "" : fmt::format(", {} of them failed", report.failed);
  fmt::print("{}: {} entries, {} cells run now{}\n", folder.root().string(), report.entries,
             report.ran, failed);
}

void run_sweep(const SweepCommand& options) {
  const Study study = options.study.open();
  const StudyFolder folder(options.study.folder());
  if (options.dry_run) return dry_run(study, options);
  if (options.list) return list(study, folder, options);
  if (options.slurm) return submit(study, folder, options);
  run(study, folder, options);
}

}  // namespace

void add_sweep(CLI::App& app) {
  CLI::App* command = app.add_subcommand("sweep", "Run the cells of a study, each once");
  const auto options = std::make_shared<SweepCommand>();
  add_study_options(*command, options->study);
  add_study_run_options(*command, options->study);
  auto* shard = command
                    ->add_option("--shard", options->shard,
                                 "I/N: the I-th of N parts of the entries, for any scheduler")
                    ->capture_default_str();
  auto* list = command->add_flag("--list", options->list,
                                 "what each entry will cost: cells, tokens, time as a short "
                                 "measurement has it");
  auto* dry_run = command->add_flag("--dry-run", options->dry_run,
                                    "check every model, dataset and method, run nothing");
  auto* slurm = command
                    ->add_flag("--slurm", options->slurm,
                               "submit a job array; its tasks share the folder of results")
                    ->excludes(shard)
                    ->excludes(list)
                    ->excludes(dry_run);
  list->excludes(dry_run);
  command->add_option("--slurm-tasks", options->slurm_tasks, "of the array. Default: one per entry")
      ->needs(slurm)
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--sbatch", options->sbatch,
                   "an option of sbatch, such as --sbatch=--time=8:00:00; may be repeated")
      ->allow_extra_args(false)
      ->needs(slurm);
  add_json_option(*command, options->json);
  command->callback([options] { run_sweep(*options); });
}

}  // namespace austeer::app
