#include "runs/eval.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/memory.hpp"
#include "base/paths.hpp"
#include "base/progress.hpp"
#include "engine/plan_tap.hpp"
#include "runs/needs.hpp"
#include "runs/result.hpp"
#include "tasks/task.hpp"

namespace austeer {
namespace {

using Clock = std::chrono::steady_clock;

const std::filesystem::path default_folder = "austeer-results";

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The prompts' tokens. Throws FormatError, naming the item, for one that the model cannot hold.
std::vector<Tokens> tokenise(const std::vector<Item>& items, const Task& task, const Model& model) {
  const std::int64_t most = model.decoder->config().max_positions - task.config().max_new_tokens;
  std::vector<Tokens> prompts;
  for (const Item& item : items) {
    prompts.push_back(model.tokenizer->encode(item.prompt));
    if (static_cast<std::int64_t>(prompts.back().size()) > most) {
      throw FormatError({item.place + ": the prompt is too long for the model",
                         fmt::format("at most {} tokens", most),
                         std::to_string(prompts.back().size()), ""});
    }
  }
  return prompts;
}

std::vector<std::string> answers(const EvalOptions& options, const Task& task, const Model& model,
                                 const std::vector<Item>& items, const std::optional<Plan>& plan) {
  const std::vector<Tokens> prompts = tokenise(items, task, model);
  std::optional<PlanTap> tap;
  if (plan) tap.emplace(*plan, *model.decoder);
  const Engine engine(*model.decoder, {options.run.batch_tokens});
  Progress progress("eval " + task.name(), "items", static_cast<std::int64_t>(items.size()));
  const auto generated = engine.generate(
      prompts, {task.config().max_new_tokens, model.stop_tokens}, tap ? &*tap : nullptr,
      [&](std::int64_t completed) { progress.advance(completed); });

  std::vector<std::string> texts;
  for (const Tokens& tokens : generated) texts.push_back(model.tokenizer->decode(tokens));
  return texts;
}

Json configuration(const EvalOptions& options, const Task& task, const Model& model,
                   const std::vector<Item>& items, const std::optional<Plan>& plan) {
  Json config = describe(options.run, model);
  config["task"] = task.resolved();
  config["split"] = options.split;
  config["limit"] = options.limit ? Json(*options.limit) : Json();
  config["prompts_sha256"] = prompts_fingerprint(items);
  config["decoding"] = "greedy";
  config["plan"] = plan ? plan->provenance : Json();
  return config;
}

std::filesystem::path result_path(const EvalOptions& options, const Json& config) {
  if (!options.out.empty()) return options.out;
  const std::string key = sha256(to_text(config)).substr(0, 12);
  return default_folder /
         fmt::format("eval-{}-{}.json", config["task"]["name"].get<std::string>(), key);
}

}  // namespace

EvalReport eval(const EvalOptions& options) {
  const auto start = Clock::now();
  if (options.out.empty()) {
    make_folder(default_folder);
  } else {
    check_result_path(options.out);
  }
  const Task task = load_task(options.task, project_folder("configs"));
  std::vector<Item> items =
      task.items(options.split, datasets_folder(options.run, task.config().dataset));
  if (options.limit) {
    if (*options.limit < 1) throw UsageError("eval", "--limit must be at least 1");
    items.resize(std::min(items.size(), static_cast<std::size_t>(*options.limit)));
  }
  const std::optional<Plan> plan = load_plan_choice(options.plan);
  const Model model = open_model(options.run);
  spdlog::info("about {} for a pass, keys and values included",
               human_bytes(pass_bytes(model.decoder->config(), model.decoder->dtype(),
                                      options.run.batch_tokens, true)));
  const double load_seconds = seconds_since(start);

  const auto run_start = Clock::now();
  const std::vector<std::string> generated = answers(options, task, model, items, plan);
  const double run_seconds = seconds_since(run_start);

  EvalReport report{task.name(), static_cast<std::int64_t>(items.size()), 0, {}};
  std::vector<Json> lines;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool correct = task.is_correct(generated[i], items[i]);
    report.correct += correct ? 1 : 0;
    lines.push_back({{"place", items[i].place},
                     {"prompt_sha256", sha256(items[i].prompt)},
                     {"generated", generated[i]},
                     {"gold", items[i].gold},
                     {"correct", correct}});
  }
  const Json config = configuration(options, task, model, items, plan);
  report.result = result_path(options, config);
  const Json outcome = {{"task", report.task},
                        {"items", report.items},
                        {"correct", report.correct},
                        {"accuracy", report.accuracy()}};
  const Json timings = {{"load_seconds", load_seconds}, {"run_seconds", run_seconds}};
  write_result(report.result, "eval", config, outcome, timings, lines);
  return report;
}

}  // namespace austeer
