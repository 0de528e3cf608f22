#include "runs/answers.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "text/stop_texts.hpp"

namespace austeer {
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

}  // namespace austeer
