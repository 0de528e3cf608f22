#include "runs/eval.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>

#include "base/files.hpp"
#include "base/memory.hpp"
#include "base/names.hpp"
#include "base/paths.hpp"
#include "engine/generation.hpp"
#include "engine/plan_tap.hpp"
#include "models/families.hpp"
#include "runs/answers.hpp"
#include "runs/options.hpp"
#include "runs/plan_choice.hpp"
#include "runs/prompts.hpp"
#include "runs/result.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "tasks/task.hpp"

namespace austeer {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Throws for what cannot work whatever the model: the choices of an open task, or options of
/// generated answers beside choices (UsageError); lengths for families that there are not
/// (FormatError).
void check_task(const EvalOptions& options, const Task& task) {
  const bool by_choices = options.scoring == Scoring::choices;
  if (by_choices &&
      (options.max_new_tokens || !options.scorer.empty() || !options.metric.empty())) {
    throw UsageError("eval",
                     "--max-new-tokens, --metric and --scorer: nothing is generated with --scoring "
                     "choices");
  }
  if (by_choices && !task.config().is_choice()) {
    throw UsageError("eval", fmt::format("the task {} has no choices to compare", task.name()),
                     "Only tasks with label and answers can be scored by choices");
  }
  const std::vector<std::string> families = family_names();
  for (const auto& [family, length] : task.config().max_new_tokens.by_family) {
    if (std::ranges::find(families, family) != families.end()) continue;
    throw FormatError(
        "task",
        fmt::format("{}: max_new_tokens: no family of models is called '{}'", task.name(), family),
        suggestion(family, families));
  }
}

/// The scorer where one is asked for; refused where the task has no use for it.
std::unique_ptr<ToxicityScorer> chosen_scorer(const EvalOptions& options, const Task& task) {
  const bool wanted = task.metric() == MetricKind::toxicity && options.scoring == Scoring::generate;
  if (wanted) return open_scorer(options.scorer, project_folder("configs"), home_folder());
  if (options.scorer.empty()) return nullptr;
  throw UsageError("eval",
                   fmt::format("--scorer: the task {} is not scored by toxicity", task.name()));
}

std::vector<ScoredItems> score(const std::vector<Item>& items, Scoring scoring,
                               const ScoringRun& run, const ToxicityScorer* scorer) {
  if (scoring == Scoring::choices) return compare_choices(items, run);
  if (scorer != nullptr) return generate_and_detect(items, run, *scorer);
  return generate_and_compare(items, run);
}

/// Of chat prompts: the template, and the questions that it was given.
Json chat_record(const Model& model, std::vector<Item> items) {
  for (Item& item : items) item.prompt = item.message;
  return {{"template_sha256", chat_fingerprint(model)},
          {"messages_sha256", prompts_fingerprint(items)}};
}

Json configuration(const EvalOptions& options, const ScoringRun& run,
                   const std::vector<Item>& items, const std::optional<Plan>& plan,
                   const ToxicityScorer* scorer) {
  Json config = run_record(options.run, run.model);
  config["task"] = run.task.resolved();
  config["split"] = options.split;
  config["limit"] = options.limit ? Json(*options.limit) : Json();
  config["prompts_sha256"] = prompts_fingerprint(items);
  if (run.task.config().chat) config["chat"] = chat_record(run.model, items);
  config["scoring"] = scoring_name(options.scoring);
  if (options.scoring == Scoring::generate) {
    config["decoding"] = "greedy";
    config["max_new_tokens"] = run.max_new_tokens;
  }
  if (scorer != nullptr) config["scorer"] = scorer->description();
  config["plan"] = plan ? plan->provenance : Json();
  return config;
}

Json outcome(const EvalReport& report) {
  Json json = {{"task", report.task}, {"metric", report.metric}, {"items", report.items}};
  if (report.is_scored()) {
    json["correct"] = report.correct;
    json["accuracy"] = report.accuracy();
  }
  if (report.form) json.update(report.form->json());
  json["activations_per_token"] = report.activations_per_token;
  json.update(report.also);
  return json;
}

/// What needs no model: all that can be refused before one is loaded.
struct AskedItems {
  Task task;
  std::vector<Item> items;
  std::unique_ptr<ToxicityScorer> scorer;
  std::vector<std::optional<Plan>> plans;  ///< one per variant
};

AskedItems prepare(const EvalOptions& options, const std::vector<EvalVariant>& variants) {
  for (const EvalVariant& variant : variants) {
    if (variant.out.empty()) {
      make_folder(results_folder);
    } else {
      check_result_path(variant.out);
    }
  }
  Task task = load_task(options.task, project_folder("configs"));
  if (!options.metric.empty()) task = task.with_metric(options.metric);
  check_task(options, task);
  std::vector<Item> items = first_items(task, options.split, options.limit, options.run);
  std::unique_ptr<ToxicityScorer> scorer = chosen_scorer(options, task);
  std::vector<std::optional<Plan>> plans;
  for (const EvalVariant& variant : variants) plans.push_back(load_plan_choice(variant.plan));
  return {std::move(task), std::move(items), std::move(scorer), std::move(plans)};
}

/// The taps of plans, an idle one where there is no plan. Throws what check_made_for() throws.
std::vector<PlanTap> plan_taps(const AskedItems& asked, const std::vector<EvalVariant>& variants,
                               const Model& model) {
  std::vector<PlanTap> taps;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const std::optional<Plan>& plan = asked.plans[i];
    const PlanChoice& choice = variants[i].plan;
    if (plan) check_made_for(model, plan->provenance, choice.file, choice.force);
    taps.emplace_back(plan.value_or(Plan()), *model.decoder);
  }
  return taps;
}

EvalReport write_report(const EvalOptions& options, const ScoringRun& run, const AskedItems& asked,
                        const std::optional<Plan>& plan, const std::filesystem::path& out,
                        const ScoredItems& scored, const Json& timings) {
  const bool by_choices = options.scoring == Scoring::choices;
  EvalReport report{run.task.name(),
                    by_choices ? "choices" : run.task.config().metric,
                    static_cast<std::int64_t>(asked.items.size()),
                    scored.correct,
                    plan ? plan->units() : 0,
                    scored.also,
                    {},
                    {}};
  const Json config = configuration(options, run, asked.items, plan, asked.scorer.get());
  report.form = answer_form(config.at("task"), report.metric, scored.lines, report.task);
  report.result = out.empty() ? default_result_path("eval", report.task, config) : out;
  write_result(report.result, "eval", config, outcome(report), timings, scored.lines);
  return report;
}

std::vector<EvalReport> answer(const EvalOptions& options, const std::vector<EvalVariant>& variants,
                               AskedItems asked, const Model& model, Clock::time_point start) {
  apply_chat(asked.task, model, asked.items);
  std::vector<PlanTap> taps = plan_taps(asked, variants, model);
  std::vector<Tap*> each;
  for (PlanTap& tap : taps) each.push_back(&tap);
  const std::int64_t length = options.max_new_tokens.value_or(
      asked.task.max_new_tokens(model.decoder->config().model_type));
  const ScoringRun run{asked.task, model, each, length, options.run.engine};
  const auto count = static_cast<double>(variants.size());
  const double load_seconds = seconds_since(start);

  const auto run_start = Clock::now();
  const std::vector<ScoredItems> scored =
      score(asked.items, options.scoring, run, asked.scorer.get());
  const Json timings = {{"load_seconds", load_seconds / count},
                        {"run_seconds", seconds_since(run_start) / count}};

  std::vector<EvalReport> reports;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    reports.push_back(
        write_report(options, run, asked, asked.plans[i], variants[i].out, scored[i], timings));
  }
  return reports;
}

}  // namespace

EvalReport eval(const EvalOptions& options) {
  const auto start = Clock::now();
  const std::vector<EvalVariant> one = {{options.plan, options.out}};
  AskedItems asked = prepare(options, one);
  const Model model = open_model(options.run);
  spdlog::info("about {} for a pass, keys and values included",
               human_bytes(pass_bytes(model.decoder->config(), model.decoder->dtype(),
                                      options.run.engine.batch_tokens,
                                      most_held_tokens(options.run.engine))));
  return answer(options, one, std::move(asked), model, start).front();
}

std::vector<EvalReport> eval_together(const EvalOptions& options,
                                      const std::vector<EvalVariant>& variants,
                                      const Model& model) {
  const auto start = Clock::now();
  return answer(options, variants, prepare(options, variants), model, start);
}

Json answer_json(const EvalReport& report) {
  Json answer = {{"task", report.task}, {"items", report.items}};
  if (report.is_scored()) {
    answer["correct"] = report.correct;
    answer["accuracy"] = report.accuracy();
  }
  if (report.form) answer.update(report.form->json());
  answer.update(report.also);
  answer["result"] = report.result.string();
  return answer;
}

}  // namespace austeer
