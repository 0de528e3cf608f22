// austeer judge: two results of eval compared by a judge model.

#include "runs/judge.hpp"

#include <fmt/format.h>
#include <memory>

#include "commands.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct JudgeCommand {
  JudgeOptions judge;
  bool json = false;
};

std::string rate_text(const std::optional<double>& rate) {
  return rate ? fmt::format("{:+.1f}", *rate) : "none, since there is no verdict";
}

void run_judge(const JudgeCommand& options) {
  const JudgeReport report = judge(options.judge);
  const OutcomeCounts& counts = report.counts;
  const std::optional<double> rate = counts.delta_win_rate();
  if (options.json) {
    print_json({{"task", report.task},
                {"items", report.items},
                {"wins", counts.wins},
                {"losses", counts.losses},
                {"ties", counts.ties},
                {"no_verdict", counts.no_verdict},
                {"delta_win_rate", rate ? Json(*rate) : Json()},
                {"p_value", report.p_value},
                {"asked", report.asked},
                {"result", report.result.string()}});
    return;
  }
  fmt::print("{}: change of the win rate {} (steered wins {}, loses {}, ties {} of {} items",
             report.task, rate_text(rate), counts.wins, counts.losses, counts.ties, report.items);
  if (counts.no_verdict > 0) fmt::print("; {} without a verdict", counts.no_verdict);
  fmt::print("), sign test p = {:.2g}\nresult: {}\n", report.p_value, report.result.string());
}

}  // namespace

void add_judge(CLI::App& app) {
  CLI::App* command = app.add_subcommand("judge", "Compare two results of eval by a judge model");
  const auto options = std::make_shared<JudgeCommand>();
  JudgeOptions& judge = options->judge;
  command->add_option("--baseline", judge.baseline, "result of eval without a plan")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--steered", judge.steered, "result of eval with a plan, on the same prompts")
      ->required()
      ->check(CLI::ExistingFile);
  command
      ->add_option("--endpoint", judge.chat.endpoint,
                   "address of an OpenAI-compatible server up to /v1, such as "
                   "http://127.0.0.1:8000/v1")
      ->required();
  command->add_option("--judge-model", judge.chat.model, "the judge's name on that server")
      ->required();
  command
      ->add_option("--key-variable", judge.chat.key_variable,
                   "environment variable that holds the server's key; none is sent where it is "
                   "not set")
      ->capture_default_str();
  command->add_option("--cache", judge.cache,
                      "file that keeps verdicts, so that none is asked for twice. Default: "
                      "austeer-results/verdicts.jsonl");
  command->add_option("--parallel", judge.parallel, "questions on their way at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command->add_option("--timeout", judge.chat.total_seconds, "seconds that an answer may take")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 3600.0));
  command
      ->add_option("--tries", judge.chat.tries,
                   "tries of a question that time-outs, dropped connections and the statuses "
                   "408, 409, 429 and 5xx may use up")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  command->add_option("--out", judge.out,
                      "result JSON; its items go beside it as .jsonl. Default: a file in "
                      "austeer-results/");
  add_json_option(*command, options->json);
  command->callback([options] { run_judge(*options); });
}

}  // namespace austeer::app
