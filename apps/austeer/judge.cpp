// austeer judge: two results of eval compared, or results rated, by a judge model.

#include "judging/judge.hpp"

#include <fmt/format.h>
#include <memory>

#include "commands.hpp"
#include "judging/rate.hpp"

namespace austeer::app {
namespace {

struct JudgeCommand {
  JudgeOptions judge;
  bool rate = false;
  bool json = false;
};

std::string rate_text(const std::optional<double>& rate) {
  return rate ? fmt::format("{:+.1f}", *rate) : "none, since there is no verdict";
}

void run_comparison(const JudgeCommand& options) {
  if (options.judge.steered.empty()) {
    throw UsageError("judge", "--steered is required: a second result to compare with --baseline",
                     "Or rate a single one with --rate");
  }
  const JudgeReport report = judge(options.judge);
  if (options.json) return print_json(answer_json(report));
  const OutcomeCounts& counts = report.counts;
  fmt::print("{}: change of the win rate {} (steered wins {}, loses {}, ties {} of {} items",
             report.task, rate_text(counts.delta_win_rate()), counts.wins, counts.losses,
             counts.ties, report.items);
  if (counts.no_verdict > 0) fmt::print("; {} without a verdict", counts.no_verdict);
  fmt::print("), sign test p = {:.2g}\nresult: {}\n", report.p_value, report.result.string());
}

/// "quality 2.50 (asker 2.00, editor 3.00, checker 2.50)"
std::string aspect_text(const char* aspect, const AspectSummary& summary) {
  std::string by_rater;
  for (std::size_t i = 0; i < summary.raters.size(); ++i) {
    by_rater +=
        fmt::format("{}{} {:.2f}", i == 0 ? "" : ", ", raters()[i].name, summary.raters[i].mean);
  }
  return fmt::format("{} {:.2f} ({})", aspect, summary.mean, by_rater);
}

std::string difference_text(const char* aspect, const PairedComparison& difference) {
  return fmt::format("{} {:+.2f} [{:+.2f}, {:+.2f}], sign test p = {:.2g}", aspect,
                     difference.difference, difference.interval.low, difference.interval.high,
                     difference.p_value);
}

std::string agreement_text(const char* aspect, const std::optional<double>& alpha) {
  return fmt::format("{} {}", aspect,
                     alpha ? fmt::format("{:.2f}", *alpha) : "none, all ratings being equal");
}

/// A line of one value per aspect.
template <typename Value, typename ToText>
void print_aspects(const std::string& label, const PerAspect<Value>& values,
                   const ToText& to_text) {
  fmt::print("{}:", label);
  for (std::size_t i = 0; i < values.size(); ++i) {
    fmt::print("{} {}", i == 0 ? "" : ";", to_text(rated_aspects[i], values[i]));
  }
  fmt::print("\n");
}

void print_ratings(const RateReport& report) {
  const RatingSummary& summary = report.summary;
  fmt::print("{}: {} of {} items, rated from 1 to 5 by {}\n", report.task, summary.rated,
             summary.items, report.rated_by);
  for (std::size_t i = 0; i < summary.results.size(); ++i) {
    print_aspects(report.results[i], summary.results[i], aspect_text);
  }
  if (summary.results.size() == 2) {
    print_aspects("steered - baseline", summary.differences,
                  [](const char* aspect, const auto& difference) {
                    return difference_text(aspect, difference.value());
                  });
  }
  if (summary.rated > 0) {
    print_aspects("Krippendorff's alpha of the raters", summary.agreement, agreement_text);
  }
  if (summary.rated < summary.items) {
    fmt::print("left out, without a rating by every rater: {} items\n",
               summary.items - summary.rated);
  }
  fmt::print("result: {}\n", report.result.string());
}

void run_rating(const JudgeCommand& options) {
  const RateReport report = rate(options.judge);
  if (options.json) return print_json(answer_json(report));
  print_ratings(report);
}

}  // namespace

void add_judge(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("judge", "Compare two results of eval by a judge model, or rate them");
  const auto options = std::make_shared<JudgeCommand>();
  JudgeOptions& judge = options->judge;
  command->add_option("--baseline", judge.baseline, "result of eval without a plan")
      ->required()
      ->check(CLI::ExistingFile);
  command
      ->add_option(
          "--steered", judge.steered,
          "result of eval with a plan, on the same prompts; with --rate it may be missing, "
          "and the baseline is rated alone")
      ->check(CLI::ExistingFile);
  command->add_flag("--rate", options->rate,
                    fmt::format("rate each answer for quality and alignment, from 1 to 5, in place "
                                "of comparing: the judge model is asked in the part of {} raters. "
                                "These are a model's ratings, not people's",
                                raters().size()));
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
                      "file that keeps the judge's answers, so that nothing is asked twice. "
                      "Default: austeer-results/judge-answers.jsonl");
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
  command->callback([options] { options->rate ? run_rating(*options) : run_comparison(*options); });
}

}  // namespace austeer::app
