#include "judging/judge.hpp"

#include <chrono>
#include <fmt/format.h>
#include <vector>

#include "base/hash.hpp"
#include "base/settings.hpp"
#include "judging/judge_pool.hpp"
#include "runs/result.hpp"
#include "statistics/sign_test.hpp"

namespace austeer {

namespace {

struct JudgedAnswer {
  std::string place;
  std::string prompt_sha256;
  std::string prompt;
  std::string generated;
};

JudgedAnswer read_answer(const Result& result, std::size_t index) {
  const std::string place = fmt::format("{}:{}", result.items_file.string(), index + 1);
  Fields fields(result.items[index], place);
  JudgedAnswer answer;
  answer.place = fields.required<std::string>("place");
  answer.prompt_sha256 = fields.required<std::string>("prompt_sha256");
  if (!fields.has("prompt")) {
    throw FormatError({place + ": the prompt is not recorded", "the key 'prompt'", "none",
                       "A judge has to read it; run `austeer eval` again with this version"});
  }
  answer.prompt = fields.required<std::string>("prompt");
  if (sha256(answer.prompt) != answer.prompt_sha256) {
    fields.refuse("prompt", "the text with prompt_sha256 " + answer.prompt_sha256, answer.prompt);
  }
  // Of a chat the judge reads the message, not the template's marks.
  answer.prompt = fields.optional<std::string>("message", answer.prompt);
  answer.generated = fields.required<std::string>("generated");
  return answer;
}

}  // namespace

std::string task_name(const Result& result) {
  Fields fields(result.document, result.items_file.string());
  Fields configuration = fields.object("configuration");
  return configuration.object("task").required<std::string>("name");
}

std::vector<JudgeItem> join_results(const Result& baseline, const Result& steered) {
  const std::string what =
      fmt::format("[judge] {} and {}", baseline.items_file.string(), steered.items_file.string());
  const std::string hint = "Run `austeer eval` twice with the same task, split and limit";
  if (task_name(baseline) != task_name(steered)) {
    throw FormatError({what, "results of one task",
                       fmt::format("{} and {}", task_name(baseline), task_name(steered)), hint});
  }
  if (baseline.items.size() != steered.items.size()) {
    throw FormatError({what, "as many items in both",
                       fmt::format("{} and {}", baseline.items.size(), steered.items.size()),
                       hint});
  }
  std::vector<JudgeItem> items;
  for (std::size_t i = 0; i < baseline.items.size(); ++i) {
    JudgedAnswer first = read_answer(baseline, i);
    JudgedAnswer second = read_answer(steered, i);
    if (first.prompt_sha256 != second.prompt_sha256) {
      throw FormatError({what, "the same prompts in the same order",
                         fmt::format("two prompts in line {}", i + 1), hint});
    }
    items.push_back({std::move(first.place), std::move(first.prompt_sha256),
                     std::move(first.prompt), std::move(first.generated),
                     std::move(second.generated)});
  }
  return items;
}

namespace {

using Clock = std::chrono::steady_clock;

/// Both questions of each item that has to be judged.
std::vector<JudgeQuestion> questions_of(const std::vector<JudgeItem>& items) {
  std::vector<JudgeQuestion> questions;
  for (const JudgeItem& item : items) {
    if (item.identical()) continue;
    questions.push_back(item.baseline_first());
    questions.push_back(item.steered_first());
  }
  return questions;
}

/// The item's line of the result, and its outcome.
std::pair<Json, Outcome> judged(const JudgeItem& item, const std::string& model,
                                const JudgeCache& cache) {
  Json line = {{"place", item.place}, {"prompt_sha256", item.prompt_sha256}};
  if (item.identical()) {
    line["identical"] = true;
    line["outcome"] = outcome_name(Outcome::tie);
    return {line, Outcome::tie};
  }
  const auto verdict = [&](const JudgeQuestion& question) {
    return parse_verdict(cache.find(question.key(model)).value());
  };
  const std::optional<Verdict> baseline_first = verdict(item.baseline_first());
  const std::optional<Verdict> steered_first = verdict(item.steered_first());
  const Outcome outcome = combine(baseline_first, steered_first);
  line["identical"] = false;
  line["baseline_first"] = verdict_letter(baseline_first);
  line["steered_first"] = verdict_letter(steered_first);
  line["outcome"] = outcome_name(outcome);
  return {line, outcome};
}

Json configuration(const JudgeOptions& options, const Result& baseline, const Result& steered) {
  Json made = {{"baseline", judged_input(options.baseline, baseline)},
               {"steered", judged_input(options.steered, steered)}};
  made.update(judge_configuration(options.chat, comparison_version, comparison_sha256()));
  made["orders"] = "both; disagreement is a tie";
  return made;
}

Json outcome(const JudgeReport& report) {
  const std::optional<double> rate = report.counts.delta_win_rate();
  return {{"task", report.task},
          {"items", report.items},
          {"wins", report.counts.wins},
          {"losses", report.counts.losses},
          {"ties", report.counts.ties},
          {"no_verdict", report.counts.no_verdict},
          {"delta_win_rate", rate ? Json(*rate) : Json()},
          {"p_value", report.p_value}};
}

}  // namespace

JudgeReport judge(const JudgeOptions& options) {
  const auto start = Clock::now();
  check_judge_options(options);
  const Result baseline = read_result(options.baseline, "eval");
  const Result steered = read_result(options.steered, "eval");
  const std::vector<JudgeItem> items = join_results(baseline, steered);
  JudgeCache cache(judge_cache_file(options));

  JudgeReport report;
  report.task = task_name(baseline);
  report.items = static_cast<std::int64_t>(items.size());
  report.questions = ask_missing(questions_of(items), options.chat, options.parallel, cache);
  std::vector<Json> lines;
  for (const JudgeItem& item : items) {
    const auto [line, item_outcome] = judged(item, options.chat.model, cache);
    report.counts.add(item_outcome);
    lines.push_back(line);
  }
  report.p_value = sign_test_p_value(report.counts.wins, report.counts.losses);

  const Json config = configuration(options, baseline, steered);
  report.result =
      options.out.empty() ? default_result_path("judge", report.task, config) : options.out;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  write_result(report.result, "judge", config, outcome(report),
               {{"run_seconds", seconds},
                {"asked", report.questions.asked},
                {"known", report.questions.known}},
               lines);
  return report;
}

Json answer_json(const JudgeReport& report) {
  const OutcomeCounts& counts = report.counts;
  return {{"task", report.task},
          {"items", report.items},
          {"wins", counts.wins},
          {"losses", counts.losses},
          {"ties", counts.ties},
          {"no_verdict", counts.no_verdict},
          {"delta_win_rate", value_json(counts.delta_win_rate())},
          {"p_value", report.p_value},
          {"asked", report.questions.asked},
          {"result", report.result.string()}};
}

}  // namespace austeer
