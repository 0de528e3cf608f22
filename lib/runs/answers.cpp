#include "runs/answers.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/progress.hpp"
#include "scorers/words.hpp"
#include "tasks/metrics.hpp"
#include "text/stop_texts.hpp"
#include "text/template.hpp"

namespace austeer {

namespace {

constexpr const char* exact_metric = "exact_match";

bool has_fields(const std::string& text) { return !Template(text, "answers").fields().empty(); }

/// The labels that are the same for every item; none where one has fields.
std::vector<std::string> common_labels(const Json& task, const std::string& place) {
  std::vector<std::string> labels;
  Fields fields(task, place + ": task");
  const char* key = task.contains("gold_answers") ? "gold_answers" : "answers";
  if (!fields.has(key)) return labels;
  Fields answers = fields.object(key);
  for (const auto& [label, text] : task.at(key).items()) {
    const auto gold = answers.required<std::string>(label);
    if (has_fields(gold)) return {};
    labels.push_back(
        Template(gold, "answers").fill([](const std::string&) { return nullptr; }, ""));
  }
  return labels;
}

}  // namespace

std::optional<double> AnswerForm::accuracy() const {
  if (in_form == 0) return std::nullopt;
  return static_cast<double>(right) / static_cast<double>(in_form);
}

void AnswerForm::add(const AnswerForm& more) {
  items += more.items;
  in_form += more.in_form;
  right += more.right;
}

Json AnswerForm::json() const {
  const std::optional<double> of_those = accuracy();
  return {{"in_form", share()}, {"accuracy_in_form", of_those ? Json(*of_those) : Json()}};
}

bool has_choices_of_its_own(const TaskConfig& task) {
  return std::ranges::any_of(task.answers,
                             [](const TaskAnswer& answer) { return has_fields(answer.gold); });
}

std::optional<AnswerForm> answer_form(const Json& task, const std::string& metric,
                                      std::span<const Json> lines, const std::string& place) {
  if (metric != exact_metric || lines.empty()) return std::nullopt;
  const std::vector<std::string> common = common_labels(task, place);
  AnswerForm form;
  for (const Json& line : lines) {
    Fields fields(line, place);
    const auto labels =
        fields.has("choices") ? fields.required<std::vector<std::string>>("choices") : common;
    if (labels.empty()) return std::nullopt;
    const auto answer = fields.required<std::string>("generated");
    const bool in_form = std::ranges::any_of(
        labels, [&](const std::string& label) { return exact_match(answer, label); });
    ++form.items;
    form.in_form += in_form ? 1 : 0;
    form.right += in_form && fields.required<bool>("correct") ? 1 : 0;
  }
  return form;
}

namespace {

void refuse_too_long(const Item& item, const Tokens& tokens, std::int64_t most) {
  if (static_cast<std::int64_t>(tokens.size()) <= most) return;
  throw FormatError({item.place + ": the prompt is too long for the model",
                     fmt::format("at most {} tokens", most), std::to_string(tokens.size()), ""});
}

/// How many tokens the two begin with in common.
std::size_t shared_prefix(const Tokens& a, const Tokens& b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

/// The largest element's index, the first one among equals.
std::size_t largest(const std::vector<double>& values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

/// Of `items`, whose choices' tokens have the logarithms of probabilities `values`, one after the
/// other.
std::vector<ChoiceScores> scores_of(std::span<const Item> items,
                                    const std::vector<std::vector<double>>& values) {
  std::vector<ChoiceScores> scores;
  std::size_t next = 0;
  for (const Item& item : items) {
    ChoiceScores& score = scores.emplace_back();
    for (const std::string& choice : item.choices) {
      const std::vector<double>& tokens = values[next++];
      score.log_likelihoods.push_back(std::accumulate(tokens.begin(), tokens.end(), 0.0));
      score.normalised.push_back(score.log_likelihoods.back() /
                                 static_cast<double>(std::max<std::size_t>(1, choice.size())));
    }
  }
  return scores;
}

}  // namespace

std::vector<std::vector<Answer>> generate_answers(std::span<const Item> items, const Model& model,
                                                  std::int64_t max_new_tokens,
                                                  const std::vector<std::string>& stop,
                                                  const EngineOptions& engine,
                                                  std::span<Tap* const> taps,
                                                  const std::string& label) {
  std::vector<Tokens> prompts;
  for (const Item& item : items) {
    prompts.push_back(model.tokenizer->encode(item.prompt, item.special_tokens));
    refuse_too_long(item, prompts.back(), model.decoder->config().max_positions - max_new_tokens);
  }
  const Engine runner(*model.decoder, engine);
  Progress progress(label, "items", static_cast<std::int64_t>(items.size()));
  const StopTexts stop_texts(stop, *model.tokenizer);
  GenerateOptions options{max_new_tokens, model.stop_tokens};
  if (!stop_texts.empty()) {
    options.ends_after = [&](std::span<const TokenId> tokens) {
      return stop_texts.reached(tokens);
    };
  }
  auto generated = runner.generate(prompts, options, taps,
                                   [&](std::int64_t completed) { progress.advance(completed); });

  std::vector<std::vector<Answer>> answers(taps.size());
  for (std::size_t tap = 0; tap < taps.size(); ++tap) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      auto [text, tokens] = stop_texts.ending(std::move(generated[tap][i]));
      answers[tap].push_back({prompts[i], std::move(tokens), std::move(text)});
    }
  }
  return answers;
}

std::size_t ChoiceScores::best() const { return largest(log_likelihoods); }

std::size_t ChoiceScores::best_normalised() const { return largest(normalised); }

std::vector<std::vector<ChoiceScores>> score_choices(std::span<const Item> items,
                                                     const Model& model,
                                                     const EngineOptions& engine,
                                                     std::span<Tap* const> taps,
                                                     const std::string& label) {
  std::vector<Tokens> texts;
  std::vector<std::size_t> first;
  for (const Item& item : items) {
    const Tokens prompt = model.tokenizer->encode(item.prompt, item.special_tokens);
    std::size_t shared = prompt.size();
    for (const std::string& choice : item.choices) {
      texts.push_back(model.tokenizer->encode(item.prompt + choice, item.special_tokens));
      refuse_too_long(item, texts.back(), model.decoder->config().max_positions);
      shared = std::min(shared, shared_prefix(prompt, texts.back()));
    }
    first.insert(first.end(), item.choices.size(), std::max<std::size_t>(1, shared));
  }
  const Engine runner(*model.decoder, engine);
  Progress progress(label, "choices", static_cast<std::int64_t>(texts.size()));
  const auto values = runner.log_probabilities(
      texts, first, taps, [&](std::int64_t completed) { progress.advance(completed); });

  std::vector<std::vector<ChoiceScores>> scores;
  for (const auto& of_tap : values) scores.push_back(scores_of(items, of_tap));
  return scores;
}

namespace {

std::vector<std::optional<double>> costs(std::span<const Answer> answers, const Model& model,
                                         const EngineOptions& engine) {
  std::vector<Tokens> texts;
  std::vector<std::size_t> first;
  for (const Answer& answer : answers) {
    if (answer.tokens.empty()) continue;
    texts.push_back(answer.prompt);
    texts.back().insert(texts.back().end(), answer.tokens.begin(), answer.tokens.end());
    first.push_back(answer.prompt.size());
  }
  const Engine runner(*model.decoder, engine);
  Progress progress("cost", "items", static_cast<std::int64_t>(texts.size()));
  const auto values = runner.log_probabilities(
      texts, first, nullptr, [&](std::int64_t completed) { progress.advance(completed); });

  std::vector<std::optional<double>> result;
  std::size_t next = 0;
  for (const Answer& answer : answers) {
    if (answer.tokens.empty()) {
      result.emplace_back();
      continue;
    }
    const std::vector<double>& tokens = values[next++];
    result.emplace_back(-std::accumulate(tokens.begin(), tokens.end(), 0.0) /
                        static_cast<double>(tokens.size()));
  }
  return result;
}

}  // namespace

std::vector<ContinuationScores> score_continuations(std::span<const Answer> answers,
                                                    const Model& model,
                                                    const ToxicityScorer& scorer,
                                                    const EngineOptions& engine) {
  std::vector<std::string> scored;
  for (const Answer& answer : answers) {
    const std::string_view text = stripped(answer.text);
    scored.emplace_back(text.empty() ? std::string_view("\n") : text);
  }
  const std::vector<double> toxicity = scorer.score(scored);
  const std::vector<std::optional<double>> cost = costs(answers, model, engine);
  std::vector<ContinuationScores> result;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    result.push_back({scored[i], toxicity[i], ngram_entropy(answers[i].text), cost[i]});
  }
  return result;
}

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
