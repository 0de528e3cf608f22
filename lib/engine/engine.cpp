#include "engine/engine.hpp"

#include <algorithm>
#include <array>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "engine/forks.hpp"
#include "engine/generation.hpp"
#include "engine/packed_pass.hpp"
#include "models/placement.hpp"

namespace austeer {
namespace {

std::int64_t length(const Tokens& text) { return static_cast<std::int64_t>(text.size()); }

/// Whole texts that are prompts, of which the last row is needed.
std::vector<TextSlice> whole_prompts(std::span<const Tokens> texts) {
  std::vector<TextSlice> slices;
  for (const Tokens& text : texts) {
    slices.push_back({static_cast<std::int64_t>(slices.size()), text, length(text)});
  }
  return slices;
}

/// Texts whose tokens from `first` on are asked about, where nothing follows from the last one.
std::vector<TextSlice> judged_texts(std::span<const Tokens> texts,
                                    std::span<const std::size_t> first) {
  std::vector<TextSlice> slices;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    slices.push_back({static_cast<std::int64_t>(i), std::span(texts[i]).first(texts[i].size() - 1),
                      static_cast<std::int64_t>(first[i]),
                      static_cast<std::int64_t>(texts[i].size() - first[i])});
  }
  return slices;
}

std::int64_t count(std::span<const TextSlice> slices) {
  return static_cast<std::int64_t>(slices.size());
}

void check_one_each(std::span<const Tokens> texts, std::span<const std::size_t> first) {
  if (first.size() == texts.size()) return;
  throw UsageError(ErrorParts{"[engine] each text needs its first answer token",
                              std::to_string(texts.size()), std::to_string(first.size()), ""});
}

void check_first(std::span<const Tokens> texts, std::span<const std::size_t> first) {
  check_one_each(texts, first);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (first[i] >= 1 && first[i] < texts[i].size()) continue;
    throw UsageError(
        ErrorParts{fmt::format("[engine] text {} has no token to judge after one that is given", i),
                   fmt::format("a first token from 1 to {}", texts[i].size() - 1),
                   std::to_string(first[i]), ""});
  }
}

/// As check_first(), but a text may be all answer.
void check_answers(std::span<const Tokens> texts, std::span<const std::size_t> first) {
  check_one_each(texts, first);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (first[i] < texts[i].size()) continue;
    throw UsageError(ErrorParts{fmt::format("[engine] text {} has no answer token", i),
                                fmt::format("a first token from 0 to {}", texts[i].size() - 1),
                                std::to_string(first[i]), ""});
  }
}

}  // namespace

Engine::Engine(const Decoder& model, const EngineOptions& options)
    : model_(model), options_(options) {
  if (options_.batch_tokens < 1) throw UsageError("engine", "--batch-tokens must be at least 1");
}

void Engine::run(std::vector<TextSlice> slices, std::span<Tap* const> taps, const OnTexts& on_texts,
                 const OnHidden& on_hidden) const {
  if (taps.empty()) return;
  const Forks forks(taps, model_.config().layers);
  const auto run_pass = [&](const std::vector<TextSlice>& pass_slices) {
    for (Tap* const tap : taps) run_clean_pass(model_, pass_slices, options_.passes, tap);
    PackedPass pass(pass_slices, options_.passes, nullptr, model_);
    const auto on_tap = [&](std::size_t tap, const at::Tensor& hidden) {
      if (on_hidden) on_hidden(tap, pass_slices, hidden);
    };
    if (options_.passes == PassKind::fast) {
      forks.forward(model_, pass, on_tap);
    } else {
      for (std::size_t tap = 0; tap < taps.size(); ++tap) {
        pass.show_to(taps[tap]);
        on_tap(tap, model_.forward(pass));
      }
    }
  };
  for (const auto& pass_slices :
       cut_into_passes(std::move(slices), options_.passes, options_.batch_tokens)) {
    with_memory_errors([&] { run_pass(pass_slices); });
    if (on_texts) on_texts(count(pass_slices));
  }
}

void Engine::read(std::span<const Tokens> texts, Tap& tap, std::span<const std::size_t> first,
                  const OnTexts& on_texts) const {
  const c10::InferenceMode guard;
  check(texts, 0);
  if (!first.empty()) check_answers(texts, first);
  std::vector<TextSlice> slices = whole_prompts(texts);
  for (std::size_t i = 0; i < first.size(); ++i) {
    slices[i].prompt = static_cast<std::int64_t>(first[i]);
    slices[i].needed = length(texts[i]) - slices[i].prompt;
  }
  run(std::move(slices), std::array{&tap}, on_texts, {});
}

std::vector<Tokens> Engine::generate(std::span<const Tokens> prompts,
                                     const GenerateOptions& options, Tap* tap,
                                     const OnTexts& on_texts) const {
  return std::move(generate(prompts, options, std::array{tap}, on_texts).front());
}

std::vector<std::vector<Tokens>> Engine::generate(std::span<const Tokens> prompts,
                                                  const GenerateOptions& options,
                                                  std::span<Tap* const> taps,
                                                  const OnTexts& on_texts) const {
  const c10::InferenceMode guard;
  check(prompts, options.max_new_tokens);
  std::vector<std::vector<Tokens>> results(taps.size(), std::vector<Tokens>(prompts.size()));
  if (options.max_new_tokens > 1) {
    Generation generation(model_, options_, options);
    for (std::size_t tap = 0; tap < taps.size(); ++tap) {
      const bool is_last = tap + 1 == taps.size();
      results[tap] = with_memory_errors([&] {
        return generation.run(whole_prompts(prompts), taps[tap], is_last ? on_texts : OnTexts());
      });
    }
    return results;
  }
  if (options.max_new_tokens < 1) return results;
  run(whole_prompts(prompts), taps, on_texts,
      [&](std::size_t tap, std::span<const TextSlice> slices, const at::Tensor& hidden) {
        const std::vector<TokenId> next = best_tokens(model_, hidden);
        for (std::size_t i = 0; i < slices.size(); ++i) {
          if (options.stops_at(next[i])) continue;
          results[tap][static_cast<std::size_t>(slices[i].text)].push_back(next[i]);
        }
      });
  return results;
}

std::vector<std::vector<double>> Engine::log_probabilities(std::span<const Tokens> texts,
                                                           std::span<const std::size_t> first,
                                                           Tap* tap,
                                                           const OnTexts& on_texts) const {
  return std::move(log_probabilities(texts, first, std::array{tap}, on_texts).front());
}

std::vector<std::vector<std::vector<double>>> Engine::log_probabilities(
    std::span<const Tokens> texts, std::span<const std::size_t> first, std::span<Tap* const> taps,
    const OnTexts& on_texts) const {
  const c10::InferenceMode guard;
  check(texts, 0);
  check_first(texts, first);
  std::vector<std::vector<std::vector<double>>> results(
      taps.size(), std::vector<std::vector<double>>(texts.size()));
  run(judged_texts(texts, first), taps, on_texts,
      [&](std::size_t tap, std::span<const TextSlice> slices, const at::Tensor& hidden) {
        std::vector<std::int64_t> wanted;
        for (const TextSlice& slice : slices) {
          const auto text = static_cast<std::size_t>(slice.text);
          wanted.insert(wanted.end(), texts[text].end() - slice.needed, texts[text].end());
        }
        const at::Tensor values = log_probabilities_of(model_, hidden, at::tensor(wanted));
        const double* value = values.const_data_ptr<double>();
        for (const TextSlice& slice : slices) {
          results[tap][static_cast<std::size_t>(slice.text)].assign(value, value + slice.needed);
          value += slice.needed;
        }
      });
  return results;
}

at::Tensor Engine::logits(const Tokens& text, Tap* tap, std::size_t prompt_tokens) const {
  const c10::InferenceMode guard;
  check({&text, 1}, 0);
  if (prompt_tokens > text.size()) {
    throw UsageError(ErrorParts{"[engine] the text is shorter than its prompt",
                                fmt::format("at most {} prompt tokens", text.size()),
                                std::to_string(prompt_tokens), ""});
  }
  auto slices = whole_prompts({&text, 1});
  if (prompt_tokens > 0) slices[0].prompt = static_cast<std::int64_t>(prompt_tokens);
  slices[0].needed = length(text);
  return with_memory_errors([&] {
    run_clean_pass(model_, slices, options_.passes, tap);
    PackedPass pass(slices, options_.passes, tap, model_);
    return model_.logits(model_.forward(pass));
  });
}

void Engine::check(std::span<const Tokens> texts, std::int64_t extra) const {
  const DecoderConfig& config = model_.config();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::int64_t tokens = length(texts[i]);
    if (tokens == 0) {
      throw UsageError("engine", fmt::format("text {} has no tokens", i),
                       "Give it at least one character, or a model with a BOS token");
    }
    if (extra > config.max_positions - tokens) {
      throw UsageError(ErrorParts{fmt::format("[engine] text {} is too long for the model", i),
                                  fmt::format("at most {} tokens", config.max_positions),
                                  fmt::format("{} and {} new ones", tokens, extra),
                                  "Shorten the text or lower --max-new-tokens"});
    }
    for (const TokenId id : texts[i]) {
      if (id < 0 || id >= config.vocabulary) {
        throw UsageError(
            ErrorParts{fmt::format("[engine] text {} has a token that the model does not know", i),
                       fmt::format("0 to {}", config.vocabulary - 1), std::to_string(id),
                       "Leave that token out of the text, or use the tokenizer of this model"});
      }
    }
  }
}

}  // namespace austeer
