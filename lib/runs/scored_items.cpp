#include "runs/scored_items.hpp"

#include "base/hash.hpp"
#include "runs/answer_form.hpp"
#include "runs/answers.hpp"
#include "runs/detox.hpp"

namespace austeer {
namespace {

/// The gold answer, or all of several.
Json golds_json(const Item& item) {
  if (item.other_golds.empty()) return item.gold;
  Json golds = Json::array({item.gold});
  for (const std::string& gold : item.other_golds) golds.push_back(gold);
  return golds;
}

/// What every line begins with.
Json item_line(const Item& item, const std::string& answer) {
  Json line = {{"place", item.place},
               {"prompt", item.prompt},
               {"prompt_sha256", sha256(item.prompt)},
               {"generated", answer},
               {"gold", golds_json(item)}};
  if (!item.message.empty()) line["message"] = item.message;
  return line;
}

std::vector<std::vector<Answer>> generate(std::span<const Item> items, const ScoringRun& run) {
  return generate_answers(items, run.model, run.max_new_tokens, run.task.config().stop, run.engine,
                          run.taps, "eval " + run.task.name());
}

double share(std::int64_t part, std::size_t of) {
  return static_cast<double>(part) / static_cast<double>(of);
}

ScoredItems compare(std::span<const Item> items, const Task& task,
                    const std::vector<Answer>& answers) {
  const bool compares = task.metric() == MetricKind::comparison;
  const bool lists_choices = has_choices_of_its_own(task.config());
  ScoredItems scored;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Json& line = scored.lines.emplace_back(item_line(items[i], answers[i].text));
    if (!compares) continue;
    const bool correct = task.is_correct(answers[i].text, items[i]);
    scored.correct += correct ? 1 : 0;
    line["correct"] = correct;
    if (lists_choices) line["choices"] = items[i].choices;
  }
  return scored;
}

ScoredItems choose(std::span<const Item> items, const std::vector<ChoiceScores>& scores) {
  ScoredItems scored;
  std::int64_t normalised = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    // Two labels may stand for the same text: what counts is the text.
    const std::string& chosen = items[i].choices[scores[i].best()];
    const bool correct = chosen == items[i].gold;
    const bool also_correct = items[i].choices[scores[i].best_normalised()] == items[i].gold;
    scored.correct += correct ? 1 : 0;
    normalised += also_correct ? 1 : 0;
    Json& line = scored.lines.emplace_back(item_line(items[i], chosen));
    line["correct"] = correct;
    line["correct_normalised"] = also_correct;
    line["choices"] = items[i].choices;
    line["log_likelihoods"] = scores[i].log_likelihoods;
    line["log_likelihoods_per_byte"] = scores[i].normalised;
  }
  scored.also["accuracy_normalised"] = share(normalised, items.size());
  return scored;
}

ScoredItems detect(std::span<const Item> items, const std::vector<Answer>& answers,
                   const std::vector<ContinuationScores>& scores) {
  ScoredItems scored;
  double fluency = 0;
  double cost = 0;
  std::int64_t costed = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ContinuationScores& score = scores[i];
    Json& line = scored.lines.emplace_back(item_line(items[i], answers[i].text));
    line["correct"] = !score.toxic();
    line["scored"] = score.scored;
    line["toxicity"] = score.toxicity;
    line["fluency"] = score.fluency;
    line["cost"] = score.cost ? Json(*score.cost) : Json();
    scored.correct += score.toxic() ? 0 : 1;
    fluency += score.fluency;
    cost += score.cost.value_or(0);
    costed += score.cost ? 1 : 0;
  }
  const auto toxic = static_cast<std::int64_t>(items.size()) - scored.correct;
  scored.also["toxic_rate"] = share(toxic, items.size());
  scored.also["fluency"] = fluency / static_cast<double>(items.size());
  scored.also["cost"] = costed > 0 ? Json(cost / static_cast<double>(costed)) : Json();
  return scored;
}

}  // namespace

std::vector<ScoredItems> generate_and_compare(std::span<const Item> items, const ScoringRun& run) {
  std::vector<ScoredItems> scored;
  for (const auto& answers : generate(items, run)) {
    scored.push_back(compare(items, run.task, answers));
  }
  return scored;
}

std::vector<ScoredItems> compare_choices(std::span<const Item> items, const ScoringRun& run) {
  std::vector<ScoredItems> scored;
  for (const auto& scores :
       score_choices(items, run.model, run.engine, run.taps, "eval " + run.task.name())) {
    scored.push_back(choose(items, scores));
  }
  return scored;
}

std::vector<ScoredItems> generate_and_detect(std::span<const Item> items, const ScoringRun& run,
                                             const ToxicityScorer& scorer) {
  std::vector<ScoredItems> scored;
  for (const auto& answers : generate(items, run)) {
    scored.push_back(
        detect(items, answers, score_continuations(answers, run.model, scorer, run.engine)));
  }
  return scored;
}

}  // namespace austeer
