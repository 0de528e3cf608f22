// austeer eval: a task's accuracy, with or without a plan.

#include "runs/eval.hpp"

#include <fmt/format.h>
#include <memory>

#include "commands.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct Options {
  EvalOptions eval;
  bool json = false;
};

void run_eval(const Options& options) {
  const EvalReport report = eval(options.eval);
  if (options.json) {
    print_json({{"task", report.task},
                {"items", report.items},
                {"correct", report.correct},
                {"accuracy", report.accuracy()},
                {"result", report.result.string()}});
  } else {
    fmt::print("{}: {:.2f} % ({} of {} correct)\nresult: {}\n", report.task,
               100 * report.accuracy(), report.correct, report.items, report.result.string());
  }
}

}  // namespace

void add_eval(CLI::App& app) {
  CLI::App* command = app.add_subcommand("eval", "Score a task, with or without a plan");
  const auto options = std::make_shared<Options>();
  EvalOptions& eval = options->eval;
  add_run_options(*command, eval.run);
  add_datasets_option(*command, eval.run);
  command->add_option("--task", eval.task, "name in configs/tasks/, or a YAML file")->required();
  command->add_option("--split", eval.split, "test, train[600:] ...")->capture_default_str();
  command->add_option("--limit", eval.limit, "the first items only")->check(CLI::PositiveNumber);
  add_plan_options(*command, eval.plan);
  command->add_option("--out", eval.out,
                      "result JSON; its items go beside it as .jsonl. Default: a file in "
                      "austeer-results/");
  add_json_option(*command, options->json);
  command->callback([options] { run_eval(*options); });
}

}  // namespace austeer::app
