#pragma once
// eval: a task's items answered by the model, with or without a plan, and scored.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "runs/answers.hpp"
#include "runs/options.hpp"
#include "runs/plan_choice.hpp"

namespace austeer {

/// How an item is answered.
enum class Scoring {
  generate,  ///< greedily, and judged by the task's metric (the paper)
  choices,   ///< the choice that the model finds most probable: for models that keep to no format
};

constexpr auto enum_table(Scoring) {
  return EnumTable{
      "eval", "scoring",
      std::array{std::pair{"generate", Scoring::generate}, std::pair{"choices", Scoring::choices}}};
}

inline std::string scoring_name(Scoring scoring) { return enum_name(scoring); }

struct EvalOptions {
  RunOptions run;
  PlanChoice plan;
  std::string task;
  std::string split = "test";
  std::optional<std::int64_t> limit;  ///< the first items only
  Scoring scoring = Scoring::generate;
  std::optional<std::int64_t> max_new_tokens;  ///< in place of the task's
  std::string metric;                          ///< in place of the task's (tasks/metrics.hpp)
  std::string scorer;         ///< of toxicity (scorers/toxicity_scorer.hpp); "": ours
  std::filesystem::path out;  ///< result JSON; empty: austeer-results/ in this folder
};

/// All but the plan.
void describe(auto& visit, SettingsOf<EvalOptions> auto& eval) {
  describe(visit, eval.run);
  visit(eval.task,
        {.key = "task", .help = "name in configs/tasks/, or a YAML file", .required = true});
  visit(eval.split, {.key = "split", .help = "test, train[600:] ..."});
  visit(eval.limit, {.key = "limit", .help = "the first items only", .least = 1});
  visit(eval.scoring,
        {.key = "scoring",
         .help = "generate: greedy answers, judged by the task's metric; choices: the most "
                 "probable one of a choice task's answers"});
  visit(eval.max_new_tokens,
        {.key = "max_new_tokens",
         .help = "most tokens of an answer. Default: the task's, for this family of models",
         .least = 1});
  visit(eval.metric,
        {.key = "metric",
         .help = "in place of the task's, such as number_match_published (configs/tasks/)"});
  visit(eval.scorer,
        {.key = "scorer",
         .help = "of toxicity: austeer (default), a Hugging Face sequence classifier, or a .jsonl "
                 "with scores made elsewhere"});
}

struct EvalReport {
  std::string task;
  std::string
      metric;  ///< what the accuracy is the share of: a name of tasks/metrics.hpp or "choices"
  std::int64_t items = 0;
  std::int64_t correct = 0;                ///< of a task for a judge: 0, and no accuracy
  std::int64_t activations_per_token = 0;  ///< that the plan edits; without one none
  /// What is reported beside the accuracy, as in the result: fluency, cost, accuracy_normalised.
  Json also = Json::object();
  std::optional<AnswerForm> form = {};  ///< of a task with labels, where answers are generated
  std::filesystem::path result;         ///< the JSON; the items stand beside it in a .jsonl

  bool is_scored() const { return metric != "judge"; }
  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(items); }
};

/// Answers the items and scores them. Writes the result and its items. Throws what Task, the model
/// and the files throw, and what check_made_for() throws of the plan; nothing is written unless
/// every item was answered.
EvalReport eval(const EvalOptions& options);

/// How one of several evaluations of the same items is steered, and where its result goes.
struct EvalVariant {
  PlanChoice plan;
  std::filesystem::path out;
};

/// As eval() with a model that is open already, for each of `variants` in place of the options'
/// plan and out; options.run says no more than how the model was opened. Where answers are one
/// token or choices, what plans have in common is computed once. The results are those of separate
/// evaluations; of the time that it took, each is given an equal share. Where one cannot be carried
/// out, none is written.
std::vector<EvalReport> eval_together(const EvalOptions& options,
                                      const std::vector<EvalVariant>& variants, const Model& model);

/// {"task", "items", "correct", "accuracy", ..., "result"}: of a task for a judge neither "correct"
/// nor "accuracy"; with what is known of the answers' form, and of EvalReport::also.
Json answer_json(const EvalReport& report);

}  // namespace austeer
