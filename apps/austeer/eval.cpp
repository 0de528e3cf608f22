// austeer eval: a task's accuracy, with or without a plan.

#include "runs/eval.hpp"

#include <fmt/format.h>
#include <memory>
#include <string>

#include "commands.hpp"
#include "setting_options.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct EvalCommand {
  EvalOptions eval;
  bool json = false;
};

/// "; 56.00 % in form, of which 51.43 % correct"
std::string form_words(const AnswerForm& form) {
  std::string words = fmt::format("; {:.2f} % in form", 100 * form.share());
  if (form.accuracy()) words += fmt::format(", of which {:.2f} % correct", 100 * *form.accuracy());
  return words;
}

void print(const EvalReport& report) {
  if (report.is_scored()) {
    fmt::print("{}: {:.2f} % ({} of {} {}{})\n", report.task, 100 * report.accuracy(),
               report.correct, report.items, report.metric == "toxicity" ? "not toxic" : "correct",
               report.form ? form_words(*report.form) : "");
  } else {
    fmt::print("{}: {} answers for `austeer judge`\n", report.task, report.items);
  }
  for (const auto& [name, value] : report.also.items()) {
    if (value.is_number()) fmt::print("{}: {:.4f}\n", name, value.get<double>());
  }
  if (report.activations_per_token > 0) {
    fmt::print("{} activations edited per token\n", report.activations_per_token);
  }
  fmt::print("result: {}\n", report.result.string());
}

void run_eval(const EvalCommand& options) {
  const EvalReport report = eval(options.eval);
  if (options.json) return print_json(answer_json(report));
  print(report);
}

}  // namespace

void add_eval(CLI::App& app) {
  CLI::App* command = app.add_subcommand("eval", "Score a task, with or without a plan");
  const auto options = std::make_shared<EvalCommand>();
  EvalOptions& eval = options->eval;
  add_options(*command, eval);
  add_plan_options(*command, eval.plan);
  command->add_option("--out", eval.out,
                      "result JSON; its items go beside it as .jsonl. Default: a file in "
                      "austeer-results/");
  add_json_option(*command, options->json);
  command->callback([options] { run_eval(*options); });
}

}  // namespace austeer::app
