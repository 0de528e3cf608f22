#include "runs/detox.hpp"

#include <numeric>

#include "base/progress.hpp"
#include "scorers/fluency.hpp"
#include "tasks/strip.hpp"

namespace austeer {
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

}  // namespace austeer
