#include "runs/judge.hpp"

#include <chrono>
#include <map>
#include <vector>

#include "base/files.hpp"
#include "runs/judge_items.hpp"
#include "runs/judge_pool.hpp"
#include "runs/result.hpp"
#include "statistics/sign_test.hpp"

namespace austeer {
namespace {

using Clock = std::chrono::steady_clock;

void check_options(const JudgeOptions& options) {
  if (options.chat.model.empty()) throw UsageError("judge", "--judge-model is empty");
  if (options.parallel < 1 || options.parallel > 64) {
    throw UsageError("judge", "--parallel must be from 1 to 64");
  }
  if (options.out.empty() || options.cache.empty()) make_folder(results_folder);
  if (!options.out.empty()) check_result_path(options.out);
  // What is wrong with address and key is said before anything is asked.
  const ChatClient client(options.chat);
}

/// Both questions of each item that has to be judged, each once.
std::map<std::string, JudgeQuestion> questions_of(const std::vector<JudgeItem>& items,
                                                  const std::string& model) {
  std::map<std::string, JudgeQuestion> questions;
  for (const JudgeItem& item : items) {
    if (item.identical()) continue;
    for (JudgeQuestion question : {item.baseline_first(), item.steered_first()}) {
      std::string key = question.key(model);
      questions.emplace(std::move(key), std::move(question));
    }
  }
  return questions;
}

/// The item's line of the result, and its outcome.
std::pair<Json, Outcome> judged(const JudgeItem& item, const std::string& model,
                                const VerdictCache& cache) {
  Json line = {{"place", item.place}, {"prompt_sha256", item.prompt_sha256}};
  if (item.identical()) {
    line["identical"] = true;
    line["outcome"] = outcome_name(Outcome::tie);
    return {line, Outcome::tie};
  }
  const auto verdict = [&](const JudgeQuestion& question) {
    return cache.find(question.key(model)).value().verdict;
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

Json input(const std::filesystem::path& file, const Result& result) {
  return {{"file", file.filename().string()},
          {"sha256", result.sha256},
          {"configuration", result.document.at("configuration")}};
}

Json configuration(const JudgeOptions& options, const Result& baseline, const Result& steered) {
  return {{"baseline", input(options.baseline, baseline)},
          {"steered", input(options.steered, steered)},
          {"endpoint", completions_address(options.chat.endpoint)},
          {"judge_model", options.chat.model},
          {"judge_prompt", {{"version", judge_prompt_version}, {"sha256", judge_prompt_sha256()}}},
          {"temperature", 0},
          {"orders", "both; disagreement is a tie"}};
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
  check_options(options);
  const Result baseline = read_result(options.baseline, "eval");
  const Result steered = read_result(options.steered, "eval");
  const std::vector<JudgeItem> items = join_results(baseline, steered);
  VerdictCache cache(options.cache.empty() ? results_folder / "verdicts.jsonl" : options.cache);
  const auto questions = questions_of(items, options.chat.model);

  JudgeReport report;
  report.task = task_name(baseline);
  report.items = static_cast<std::int64_t>(items.size());
  report.asked = ask_missing(questions, options.chat, options.parallel, cache);
  report.known = static_cast<std::int64_t>(questions.size()) - report.asked;
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
               {{"run_seconds", seconds}, {"asked", report.asked}, {"known", report.known}}, lines);
  return report;
}

}  // namespace austeer
